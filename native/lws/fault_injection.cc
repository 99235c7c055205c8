// Reads the faults that tests ask for from the environment.
#include "lws/fault_injection.h"

#if defined(LWS_WITH_SYS_FAULT_INJECTION)

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>

namespace {

// What lws says of an allocation, and how often there is still memory for one that it says it of.
std::string scarce;
unsigned long long granted;

void* Allocate(void* memory, size_t size, const char* reason) {
  if (!size) {
    free(memory);
    return nullptr;
  }
  if (scarce == reason && granted-- == 0) {
    scarce.clear();
    fprintf(stderr, "Injecting fault memory->%s\n", reason);
    return nullptr;
  }
  return realloc(memory, size);
}

// REASON or REASON:N
void TakeMemoryAway(const std::string& fault) {
  const size_t colon = fault.find(':');
  scarce = fault.substr(0, colon);
  granted = colon == std::string::npos ? 0 : strtoull(fault.c_str() + colon + 1, nullptr, 10);
  lws_set_allocator(Allocate);
}

}  // namespace

void InjectFaults(lws_context_creation_info* info) {
  const char* wanted = getenv("LWS_SECURE_STREAMS_FAULTS");
  if (!wanted) return;
  // Which of them happened is told on stderr, and nowhere else.
  lws_set_log_level(LLL_WARN, lwsl_emit_stderr_notimestamp);

  std::istringstream list(wanted);
  for (std::string fault; std::getline(list, fault, ',');) {
    if (fault.rfind("memory/", 0) == 0) {
      TakeMemoryAway(fault.substr(7));
      continue;
    }
    const size_t colon = fault.find(':');
    if (colon == std::string::npos) {
      lws_fi_deserialize(&info->fic, fault.c_str());
      continue;
    }
    const std::string name = fault.substr(0, colon);
    lws_fi_t once = {};
    once.name = name.c_str();
    once.type = LWSFI_DETERMINISTIC;
    once.pre = strtoull(fault.c_str() + colon + 1, nullptr, 10);
    once.count = 1;
    lws_fi_add(&info->fic, &once);
  }
}

#endif
