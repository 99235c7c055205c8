// Calls of JavaScript functions.
#ifndef LWS_SS_NATIVE_NODE_JS_CALL_H_
#define LWS_SS_NATIVE_NODE_JS_CALL_H_

#include <napi.h>

#include <initializer_list>

// Calls a JavaScript function from the event loop or from inside an lws callback, in a callback
// scope. An exception becomes an uncaught exception, as in any Node callback, and the result is
// empty; it is empty too when the environment no longer runs JavaScript.
class JsCall {
 public:
  static napi_value Make(napi_env env, napi_async_context async, napi_value receiver,
                         napi_value function, std::initializer_list<napi_value> arguments) {
    napi_value result = nullptr;
    const napi_status status = napi_make_callback(env, async, receiver, function, arguments.size(),
                                                  arguments.begin(), &result);
    if (status == napi_ok) return result;
    ReportException(env);
    return nullptr;
  }

  static void ReportException(napi_env env) {
    bool pending = false;
    if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return;
    napi_value error;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
  }
};

#endif
