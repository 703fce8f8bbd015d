# Lists the cases of a Boost.Test program as ctest entries: run with cmake -P after the program was linked.
#   PROGRAM  the program          PREFIX  of the entries: PREFIX.suite/case
#   OUTPUT   the file to write    LABELS  of all entries; those of a case are added
# The program prints one case or suite a line, a level is four spaces: "name*: description [@label]".

execute_process(COMMAND ${PROGRAM} --list_content=HRF ERROR_VARIABLE content OUTPUT_VARIABLE ignored RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} does not list its cases (${status}):\n${content}")
endif()

# [ and ; would make the lines no list.
string(REPLACE ";" "<semicolon>" content "${content}")
string(REPLACE "[" "<open>" content "${content}")
string(REPLACE "]" "<close>" content "${content}")
string(REPLACE "\n" ";" lines "${content}")

set(script "# Written after the build of ${PROGRAM}.\n")

# A line whose successor is not deeper is a case.
macro(flush next_level)
  if(DEFINED line_name AND NOT next_level GREATER line_level)
    # What a filter of Boost.Test does not take literally is left to a wildcard.
    string(REGEX REPLACE "[,<].*$" "*" filter "${path_${line_level}}")
    if(NOT filter MATCHES "\\*$")
      set(filter "${path_${line_level}}")
    elseif(NOT "${path_${line_level}}" MATCHES ",")
      set(filter "${path_${line_level}}")
    endif()
    string(APPEND script "add_test([==[${PREFIX}.${path_${line_level}}]==] [==[${PROGRAM}]==] [==[--run_test=${filter}]==])\n")
    string(APPEND script "set_tests_properties([==[${PREFIX}.${path_${line_level}}]==] PROPERTIES SKIP_RETURN_CODE 77"
           " TIMEOUT 600 LABELS \"${LABELS}${line_labels}\")\n")
  endif()
endmacro()

foreach(line IN LISTS lines)
  if(NOT line MATCHES "^( *)([^ :*][^*]*)\\*?(.*)$")
    continue()
  endif()
  set(indent "${CMAKE_MATCH_1}")
  set(name "${CMAKE_MATCH_2}")
  set(rest "${CMAKE_MATCH_3}")
  string(LENGTH "${indent}" level)
  flush(${level})
  set(line_name "${name}")
  set(line_level ${level})
  set(line_labels "")
  string(REGEX MATCHALL "@[A-Za-z0-9_]+" labels "${rest}")
  foreach(label IN LISTS labels)
    string(SUBSTRING "${label}" 1 -1 label)
    string(APPEND line_labels ";${label}")
  endforeach()
  if(level EQUAL 0)
    set(path_0 "${name}")
  else()
    math(EXPR parent "${level} - 4")
    set(path_${level} "${path_${parent}}/${name}")
  endif()
endforeach()
flush(0)
file(WRITE ${OUTPUT} "${script}")
