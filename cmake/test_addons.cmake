# Has a target be an addon for tests, which has of lws only its headers.
function(compile_for_test target)
  compile_for_node(${target})
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX ".node"
    # The package loads whatever addon it finds beside its own.
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/test")
  target_include_directories(${target} SYSTEM PRIVATE
    $<TARGET_PROPERTY:lws_static,INTERFACE_INCLUDE_DIRECTORIES>)
  target_link_libraries(${target} PRIVATE ${CMAKE_JS_LIB})
  if(APPLE)
    target_link_options(${target} PRIVATE -undefined dynamic_lookup)
  elseif(NOT WIN32)
    # A function that is missing is known when the addon is loaded.
    target_link_options(${target} PRIVATE -Wl,-z,now)
  endif()
endfunction()

include(cmake/loop_test.cmake)
include(cmake/exchange_test.cmake)
