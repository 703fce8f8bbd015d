# CASE 0 of SOURCE compiles, the others do not: cmake -P with COMPILER, SOURCE, CASES and INCLUDES, separated by commas.
string(REGEX REPLACE "([^,]+),?" "-I;\\1;" includes "${INCLUDES}")
foreach(case RANGE ${CASES})
  execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only -DCASE=${case} ${includes} ${SOURCE}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(case EQUAL 0 AND NOT status EQUAL 0)
    message(FATAL_ERROR "case 0 does not compile:\n${output}")
  elseif(case GREATER 0 AND status EQUAL 0)
    message(FATAL_ERROR "case ${case} compiles")
  endif()
endforeach()
