// libFuzzer target: a scikit-learn model from any bytes is read or refused, never more.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "sklearn_property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string fault =
      joulecast::fuzzing::sklearn_fault(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!fault.empty()) {
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
  }
  return 0;
}
