# What every target of rappel shares.
include(RappelInstall)

# Warnings, the language standard and one rounding for all: FMA is written explicitly, never contracted.
add_library(rappel_build_flags INTERFACE)
target_compile_options(rappel_build_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -ffp-contract=off
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # false positives of g++ 12 (PR 105651)
                       $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>  # what is defined beside it may be inlined
                       $<$<BOOL:${RAPPEL_WARNINGS_AS_ERRORS}>:-Werror>)

# rappel_module(name SOURCES ... HEADERS ...): the library target rappel_<name>, alias rappel::<name>, whose
# public headers are a file set based on include/, so that a module sees only what it links.
function(rappel_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS")
  add_library(rappel_${name} ${arg_SOURCES})
  add_library(rappel::${name} ALIAS rappel_${name})
  target_compile_features(rappel_${name} PUBLIC cxx_std_20)
  target_link_libraries(rappel_${name} PRIVATE $<BUILD_INTERFACE:rappel_build_flags>)
  target_include_directories(rappel_${name} PRIVATE src)
  target_sources(rappel_${name} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
  set_target_properties(rappel_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF)
  if(RAPPEL_INSTALL)
    rappel_install_module(rappel_${name})
  endif()
endfunction()
