# Builds libwebsockets as the static library target `lws_static`, against the OpenSSL headers that
# come with Node and without linking any TLS library: the node executable exports the symbols.

function(lws_option name value)
  set(${name} ${value} CACHE STRING "" FORCE)
endfunction()

foreach(name
    DISABLE_WERROR LWS_STATIC_PIC LWS_WITH_STATIC LWS_WITHOUT_TESTAPPS LWS_WITHOUT_TEST_SERVER
    LWS_WITHOUT_TEST_CLIENT LWS_WITHOUT_TEST_PING LWS_WITHOUT_TEST_SERVER_EXTPOLL
    LWS_WITH_HTTP2 LWS_ROLE_H1 LWS_ROLE_WS LWS_ROLE_MQTT LWS_IPV6 LWS_UNIX_SOCK LWS_WITH_SOCKS5
    LWS_WITH_CONMON LWS_WITH_CUSTOM_HEADERS LWS_WITH_HTTP_UNCOMMON_HEADERS LWS_WITH_TLS_SESSIONS
    LWS_WITH_SECURE_STREAMS LWS_WITH_SECURE_STREAMS_PROXY_API
    LWS_WITH_SECURE_STREAMS_SYS_AUTH_API_AMAZON_COM LWS_WITH_SECURE_STREAMS_AUTH_SIGV4
    LWS_WITH_SS_DIRECT_PROTOCOL_STR LWS_WITH_SYS_SMD LWS_WITH_SYS_METRICS LWS_WITH_SYS_STATE
    LWS_WITH_SYS_ASYNC_DNS LWS_SYS_ASYNC_DNS_EXTERNAL LWS_COOKIES_EXTERNAL LWS_REDIRECTS_EXTERNAL
    LWS_PROXIES_EXTERNAL LWS_SIGV4_EXTERNAL
    LWS_AVOID_SIGPIPE_IGN LWS_WITH_LWSAC)
  lws_option(${name} ON)
endforeach()
foreach(name
    LWS_WITH_CACHE_NSCOOKIEJAR LWS_WITH_SHARED LWS_WITH_MINIMAL_EXAMPLES LWS_WITH_NETLINK LWS_CLIENT_HTTP_PROXYING
    LWS_SSL_CLIENT_USE_OS_CA_CERTS LWS_WITH_EVLIB_PLUGINS LWS_WITH_PLUGINS LWS_WITH_ZLIB
    LWS_WITH_SYS_NTPCLIENT LWS_WITH_SYS_DHCP_CLIENT LWS_WITH_EXPORT_LWSTARGETS
    LWS_LOG_TAG_LIFECYCLE LWS_LOGS_TIMESTAMP)
  lws_option(${name} OFF)
endforeach()
lws_option(LWS_MAX_SMP 1)
if(WIN32)
  # There it does not compile, and the addon has no use for it.
  lws_option(LWS_WITH_SECURE_STREAMS_PROXY_API OFF)
endif()
# With it, every allocation is counted in a variable that all threads write.
set(LWS_HAVE_MALLOC_USABLE_SIZE "" CACHE INTERNAL "")
# It would take the commit of whatever repository it is unpacked in for its own.
set(CMAKE_DISABLE_FIND_PACKAGE_Git ON)
string(TOLOWER "${CMAKE_BUILD_TYPE}" build_type)
if(build_type STREQUAL "debug" OR LWS_SS_SANITIZE)
  lws_option(LWS_WITH_SYS_FAULT_INJECTION ON)
else()
  lws_option(LWS_WITH_SYS_FAULT_INJECTION OFF)
endif()

# lws insists on the name of a TLS library; the C library's own stands in, which links nothing new.
if(WIN32)
  set(harmless_library ws2_32)
else()
  set(harmless_library m)
endif()
lws_option(LWS_OPENSSL_LIBRARIES ${harmless_library})
lws_option(LWS_OPENSSL_INCLUDE_DIRS "${NODE_HEADERS_DIR}")

# lws finds out what OpenSSL offers by linking with it. Node 20's OpenSSL 3.0 offers all of these, so
# the answers are given here and do not depend on a libssl-dev that may or may not be installed.
foreach(name
    SSL_CTX_set1_param SSL_SET_INFO_CALLBACK X509_VERIFY_PARAM_set1_host X509_VERIFY_PARAM_set1_host_sym
    RSA_SET0_KEY X509_get_key_usage SSL_CTX_get0_certificate SSL_get0_alpn_selected SSL_set_alpn_protos
    EVP_aes_128_cfb8 EVP_aes_128_cfb128 EVP_aes_192_cfb8 EVP_aes_192_cfb128 EVP_aes_256_cfb8
    EVP_aes_256_cfb128 EVP_aes_128_xts EVP_aes_128_ofb EVP_aes_128_ecb EVP_aes_128_ctr
    HMAC_CTX_new SSL_CTX_set_ciphersuites EVP_PKEY_new_raw_private_key
    SSL_SESSION_set_time SSL_SESSION_up_ref EC_KEY_new_by_curve_name SSL_EXTRA_CHAIN_CERTS
    EVP_MD_CTX_free OPENSSL_STACK ECDSA_SIG_set0 BN_bn2binpad EVP_aes_128_wrap
    EC_POINT_get_affine_coordinates SSL_CTX_load_verify_file SSL_CTX_load_verify_dir
    TLS_CLIENT_METHOD TLSV1_2_CLIENT_METHOD OPENSSL_ECDH_H)
  set(LWS_HAVE_${name} 1 CACHE INTERNAL "")
endforeach()
# Node's own for Windows does not export it since Node 22.
if(WIN32)
  set(LWS_HAVE_SSL_SESSION_set_time "" CACHE INTERNAL "")
endif()
set(LWS_HAVE_SSL_CTX_EVP_PKEY_new_raw_private_key "" CACHE INTERNAL "")
set(LWS_HAVE_RSA_verify_pss_mgf1 "" CACHE INTERNAL "")
set(LWS_HAVE_LIBCAP "" CACHE INTERNAL "")

add_subdirectory("${LWS_SOURCE_DIR}" libwebsockets EXCLUDE_FROM_ALL)

add_library(lws_static INTERFACE)
target_link_libraries(lws_static INTERFACE websockets)
target_include_directories(lws_static SYSTEM INTERFACE
  "${LWS_SOURCE_DIR}/include" "${CMAKE_CURRENT_BINARY_DIR}/libwebsockets/include"
  "${CMAKE_CURRENT_BINARY_DIR}/libwebsockets")

get_target_property(linked websockets LINK_LIBRARIES)
get_target_property(linked_by_users websockets INTERFACE_LINK_LIBRARIES)
if("${linked};${linked_by_users}" MATCHES "(ssl|crypto)")
  message(FATAL_ERROR "a TLS library is in the link line of libwebsockets: ${linked};${linked_by_users}")
endif()
