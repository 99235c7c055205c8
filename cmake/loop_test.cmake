# An addon of the event loop and a fake of lws, for test/unit/loop.
file(GLOB LOOP_SOURCES CONFIGURE_DEPENDS native/loop/*.cc)
add_library(loop_for_test OBJECT ${LOOP_SOURCES})
compile_for_node(loop_for_test)
target_include_directories(loop_for_test SYSTEM PRIVATE
  $<TARGET_PROPERTY:lws_static,INTERFACE_INCLUDE_DIRECTORIES>)
target_compile_definitions(loop_for_test PRIVATE
  uv_poll_start=counted_uv_poll_start uv_timer_start=counted_uv_timer_start)

file(GLOB LOOP_TEST_SOURCES CONFIGURE_DEPENDS test/unit/loop/native/*.cc)
add_library(loop_test MODULE ${LOOP_TEST_SOURCES} $<TARGET_OBJECTS:loop_for_test> ${CMAKE_JS_SRC})
compile_for_test(loop_test)
