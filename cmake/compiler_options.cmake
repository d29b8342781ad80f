# Flags every target of the project gets, carried by one interface library.
add_library(joulecast_options INTERFACE)
target_compile_features(joulecast_options INTERFACE cxx_std_20)
target_compile_options(joulecast_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align -Woverloaded-virtual
  -Wnull-dereference -Wdouble-promotion -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports impossible overflows and uninitialised members inside libstdc++ and fmt when it inlines deeply or
  # instruments for sanitizers (GCC bugs 105329, 105651, 105562).
  # It takes a type of an unnamed namespace for one of a header when the .cpp file is part of a unity file (-Wsubobject-linkage).
  target_compile_options(joulecast_options INTERFACE -Wno-subobject-linkage -Wno-restrict -Wno-stringop-overflow -Wno-null-dereference -Wno-array-bounds -Wno-maybe-uninitialized)
endif()
# Results must not depend on whether a processor has fused multiply-add.
target_compile_options(joulecast_options INTERFACE -ffp-contract=off)
if(JOULECAST_WERROR)
  target_compile_options(joulecast_options INTERFACE -Werror)
endif()
if(JOULECAST_SANITIZE)
  target_compile_options(joulecast_options INTERFACE -fsanitize=${JOULECAST_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  string(REPLACE "fuzzer-no-link" "" sanitize_link "${JOULECAST_SANITIZE}")
  string(REGEX REPLACE ",$" "" sanitize_link "${sanitize_link}")
  target_link_options(joulecast_options INTERFACE -fsanitize=${sanitize_link})
endif()
if(JOULECAST_COVERAGE)
  target_compile_options(joulecast_options INTERFACE --coverage -O0 -fprofile-update=atomic)
  target_link_options(joulecast_options INTERFACE --coverage)
endif()
if(JOULECAST_TIDY)
  set(CMAKE_CXX_CLANG_TIDY clang-tidy-19 --quiet --warnings-as-errors=*)
endif()
