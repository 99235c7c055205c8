# An addon of the exchanges, for test/unit/exchange: their stream and their link are objects of the
# test.
file(GLOB EXCHANGE_TEST_SOURCES CONFIGURE_DEPENDS
  native/stream/*_exchange.cc test/unit/exchange/native/*.cc)
add_library(exchange_test MODULE ${EXCHANGE_TEST_SOURCES}
  native/stream/handler_sink.cc native/stream/kind.cc native/stream/metadata.cc ${CMAKE_JS_SRC})
compile_for_test(exchange_test)
