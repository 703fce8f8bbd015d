# ColPack ships no CMake package: finds its headers and library as ColPack::ColPack.
find_path(ColPack_INCLUDE_DIR ColPack/ColPackHeaders.h)
find_library(ColPack_LIBRARY ColPack)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ColPack REQUIRED_VARS ColPack_LIBRARY ColPack_INCLUDE_DIR)
if(ColPack_FOUND AND NOT TARGET ColPack::ColPack)
  add_library(ColPack::ColPack UNKNOWN IMPORTED)
  set_target_properties(ColPack::ColPack PROPERTIES IMPORTED_LOCATION ${ColPack_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${ColPack_INCLUDE_DIR})
endif()
mark_as_advanced(ColPack_INCLUDE_DIR ColPack_LIBRARY)
