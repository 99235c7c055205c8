// Stands in for libc++abi's reader of C++ names. Prebuilds are linked with libc++ statically, and
// would bring 150 KB of it for one message before an abort, which now has the name as it is.

char* __cxa_demangle(const char* name, char* buffer, unsigned long* length, int* status);

char* __cxa_demangle(const char* name, char* buffer, unsigned long* length, int* status) {
  (void)name;
  (void)buffer;
  (void)length;
  if (status) *status = -1;
  return 0;
}
