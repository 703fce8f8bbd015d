# add_subdirectory(rappel) changes nothing for its parent: the same settings before and after, no tests, benchmarks or
# command, and no install rules.

set(settings CMAKE_CXX_FLAGS CMAKE_CXX_STANDARD CMAKE_CXX_EXTENSIONS CMAKE_BUILD_TYPE CMAKE_RUNTIME_OUTPUT_DIRECTORY
             CMAKE_CXX_COMPILER_LAUNCHER CMAKE_MODULE_PATH CMAKE_POSITION_INDEPENDENT_CODE BUILD_SHARED_LIBS BUILD_TESTING
             CMAKE_CXX_CLANG_TIDY CMAKE_EXPORT_COMPILE_COMMANDS)
set(properties COMPILE_OPTIONS COMPILE_DEFINITIONS INCLUDE_DIRECTORIES LINK_OPTIONS LINK_LIBRARIES)

macro(remember_settings)
  foreach(setting IN LISTS settings)
    set(before_${setting} "${${setting}}")
  endforeach()
  foreach(property IN LISTS properties)
    get_directory_property(before_${property} ${property})
  endforeach()
endmacro()

macro(check_settings)
  foreach(setting IN LISTS settings)
    if(NOT "${${setting}}" STREQUAL "${before_${setting}}")
      message(FATAL_ERROR "add_subdirectory(rappel) changed ${setting}: '${before_${setting}}', now '${${setting}}'")
    endif()
  endforeach()
  foreach(property IN LISTS properties)
    get_directory_property(after ${property})
    if(NOT "${after}" STREQUAL "${before_${property}}")
      message(FATAL_ERROR "add_subdirectory(rappel) changed the directory's ${property}: now '${after}'")
    endif()
  endforeach()
  foreach(option RAPPEL_BUILD_TESTS RAPPEL_BUILD_BENCH RAPPEL_BUILD_COMMAND RAPPEL_INSTALL RAPPEL_WARNINGS_AS_ERRORS)
    if(${option})
      message(FATAL_ERROR "${option} is on in a subdirectory")
    endif()
  endforeach()
endmacro()
