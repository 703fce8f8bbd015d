# Lists the cases of a Boost.Test program as entries of ctest: run with cmake -P after the program was linked.
#   PROGRAM  the program            OUTPUT  the file to write
#   PREFIX   of the names: PREFIX.suite/case, and the label of all
# The program prints a case or suite a line, "name*: description", where a level is four spaces.

execute_process(COMMAND ${PROGRAM} --list_content=HRF ERROR_VARIABLE content OUTPUT_QUIET RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} does not list its cases (${status}):\n${content}")
endif()
string(REGEX REPLACE "[][;]" "_" content "${content}")  # none occurs in a name, and a description needs none
string(REPLACE "\n" ";" lines "${content}")
set(script "# Written after the build of ${PROGRAM}.\n")

# Writes the line before, if it was a case: then the next one is not deeper.
macro(finish_line next_level)
  if(DEFINED line_level AND NOT ${next_level} GREATER line_level)
    set(path "${path_${line_level}}")
    string(APPEND script "add_test([==[${PREFIX}.${path}]==] [==[${PROGRAM}]==] [==[--run_test=${path}]==])\n"
           "set_tests_properties([==[${PREFIX}.${path}]==] PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600 LABELS ${PREFIX})\n")
  endif()
endmacro()

foreach(line IN LISTS lines)
  if(NOT line MATCHES "^( *)([^ *][^*]*)")
    continue()
  endif()
  set(name "${CMAKE_MATCH_2}")
  string(LENGTH "${CMAKE_MATCH_1}" level)
  finish_line(${level})
  set(line_level ${level})
  set(path_${level} "${name}")
  if(level GREATER 0)
    math(EXPR parent "${level} - 4")
    set(path_${level} "${path_${parent}}/${name}")
  endif()
endforeach()
finish_line(0)
file(WRITE ${OUTPUT} "${script}")
