# Program, library, headers and package files for find_package(joulecast).
include(CMakePackageConfigHelpers)
install(TARGETS joulecast_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS joulecast EXPORT joulecastTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/joulecast DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
