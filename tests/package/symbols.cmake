# No compiled library makes or frees memory by Eigen's allocator, which depends on the flags of whoever compiles: cmake -P
# with NM and LIBRARIES, separated by commas. (A source of its own namespace, Eigen_rappel, may.)
string(REPLACE "," ";" libraries "${LIBRARIES}")
foreach(library IN LISTS libraries)
  execute_process(COMMAND ${NM} -C ${library} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  if(symbols MATCHES "[^\n]* Eigen::[^\n]*(PlainObjectBase|DenseStorage|aligned_malloc|aligned_free|bad_alloc)[^\n]*")
    message(FATAL_ERROR "${library} holds ${CMAKE_MATCH_0}")
  endif()
endforeach()
