// Any bytes as a power log of other tools: no crash, the same whatever the window, faults inside the text.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "support/log_oracles.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte chooses the window.
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  using joulecast::PowerFormat;
  for (const auto format : {PowerFormat::kAuto, PowerFormat::kTegrastats, PowerFormat::kCsv}) {
    const std::string fault = joulecast::test::check_rail_log(text, std::size_t{1} + data[0], format);
    if (!fault.empty()) {
      std::fprintf(stderr, "%s\n", fault.c_str());
      std::abort();
    }
  }
  return 0;
}
