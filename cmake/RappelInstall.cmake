# The installed package: find_package(rappel) gives rappel::core, rappel::autodiff, rappel::optim and rappel::models.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(RAPPEL_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/rappel)

# The library with its public headers. Called by rappel_module: a module needs no line of its own.
function(rappel_install_module target)
  install(TARGETS ${target} EXPORT rappelTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()

# To be called once all modules are there.
function(rappel_install_package)
  install(EXPORT rappelTargets NAMESPACE rappel:: DESTINATION ${RAPPEL_PACKAGE_DIR})
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/rappelConfig.cmake.in
    ${PROJECT_BINARY_DIR}/rappelConfig.cmake INSTALL_DESTINATION ${RAPPEL_PACKAGE_DIR}
    NO_SET_AND_CHECK_MACRO)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/rappelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/rappelConfig.cmake ${PROJECT_BINARY_DIR}/rappelConfigVersion.cmake
                ${PROJECT_SOURCE_DIR}/cmake/FindSLEEF.cmake ${PROJECT_SOURCE_DIR}/cmake/FindColPack.cmake
          DESTINATION ${RAPPEL_PACKAGE_DIR})
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()
