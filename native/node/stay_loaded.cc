// Asks the system to keep the addon in memory, as each system has it.
#include "node/stay_loaded.h"

#ifdef _WIN32
#include <windows.h>

bool StayLoaded() {
  HMODULE self;
  return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                            reinterpret_cast<LPCWSTR>(&StayLoaded), &self);
}
#else
#include <dlfcn.h>

bool StayLoaded() {
  Dl_info self;
  return dladdr(reinterpret_cast<void*>(&StayLoaded), &self) != 0 &&
         dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != nullptr;
}
#endif
