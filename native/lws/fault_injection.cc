// Reads the faults that tests ask for from the environment.
#include "lws/fault_injection.h"

#if defined(LWS_WITH_SYS_FAULT_INJECTION)

#include <cstdlib>
#include <sstream>
#include <string>

void InjectFaults(lws_context_creation_info* info) {
  const char* wanted = getenv("LWS_SECURE_STREAMS_FAULTS");
  if (!wanted) return;
  // Which of them happened is told on stderr, and nowhere else.
  lws_set_log_level(LLL_WARN, lwsl_emit_stderr_notimestamp);

  std::istringstream list(wanted);
  for (std::string fault; std::getline(list, fault, ',');) {
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
