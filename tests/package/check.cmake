# Builds and runs tests/package as a user would: cmake -P with
#   SOURCE  tests/package        BINARY  where to build       COMPILER  the C++ compiler
#   FLAGS   of the user          PREFIX  of the installed package, or RAPPEL_SOURCE of its sources
#   NEEDS   a flag of /proc/cpuinfo, without which the check is skipped
if(NEEDS AND EXISTS /proc/cpuinfo)
  file(READ /proc/cpuinfo cpuinfo)
  if(NOT cpuinfo MATCHES " ${NEEDS}( |\n)")
    message("SKIPPED: this processor has no ${NEEDS}")
    return()
  endif()
endif()

execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BINARY} -G Ninja -DCMAKE_BUILD_TYPE=
  -DCMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_CXX_FLAGS=-O1 ${FLAGS}" -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
  -DCMAKE_PREFIX_PATH=${PREFIX} -DRAPPEL_SOURCE=${RAPPEL_SOURCE} -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BINARY} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${BINARY}/uses_rappel COMMAND_ERROR_IS_FATAL ANY)
