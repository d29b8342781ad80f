# Program, library, headers, manual, completions, and the package files for find_package(joulecast).
include(CMakePackageConfigHelpers)
install(TARGETS joulecast_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS joulecast EXPORT joulecastTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/joulecast DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY examples/boards DESTINATION ${CMAKE_INSTALL_DATADIR}/joulecast)
install(FILES examples/NOTICE.md DESTINATION ${CMAKE_INSTALL_DATADIR}/joulecast/boards)
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/joulecast)
install(EXPORT joulecastTargets NAMESPACE joulecast:: DESTINATION ${package_dir})
configure_package_config_file(cmake/joulecastConfig.cmake.in ${PROJECT_BINARY_DIR}/joulecastConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/joulecastConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/joulecastConfig.cmake ${PROJECT_BINARY_DIR}/joulecastConfigVersion.cmake
  DESTINATION ${package_dir})

# The program writes its own manual and completions, from the flags it parses.
set(generated ${PROJECT_BINARY_DIR}/generated)
set(texts ${generated}/joulecast.1 ${generated}/joulecast.bash ${generated}/_joulecast ${generated}/joulecast.fish)
add_custom_command(OUTPUT ${texts}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}
  COMMAND joulecast_program man > ${generated}/joulecast.1
  COMMAND joulecast_program completion bash > ${generated}/joulecast.bash
  COMMAND joulecast_program completion zsh > ${generated}/_joulecast
  COMMAND joulecast_program completion fish > ${generated}/joulecast.fish
  DEPENDS joulecast_program COMMENT "Writing the manual and the completions" VERBATIM)
add_custom_target(joulecast_texts ALL DEPENDS ${texts})
install(FILES ${generated}/joulecast.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${generated}/joulecast.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME joulecast)
install(FILES ${generated}/_joulecast DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${generated}/joulecast.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
