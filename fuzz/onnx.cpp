// libFuzzer target: an ONNX model from any bytes is read or refused, never more.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "onnx_property.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string fault =
      joulecast::fuzzing::onnx_fault(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!fault.empty()) {
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
  }
  return 0;
}
