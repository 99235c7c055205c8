/* Loads an addon as Node does, and exits with 0 when it is there, and its entry is found. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char** argv) {
  void* addon = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;

  if (addon && dlsym(addon, "napi_register_module_v1")) {
    puts("loaded");
    return 0;
  }
  fprintf(stderr, "%s\n", addon ? "it has no entry" : dlerror());
  return 1;
}
