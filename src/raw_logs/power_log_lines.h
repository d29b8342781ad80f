// The lines of the reference's power logs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_stamp.h"
#include "joulecast/raw_logs.h"
#include "raw_logs/doubts.h"
#include "raw_logs/power_lines.h"

namespace joulecast {

/// Line by line: a line in the usual form (`20241121-05:20:04.261448,5000.0,1096.0`) is parsed where it
/// stands; any other is cut out and taken as Python would take it.
class PowerLogLines final : public PowerLines {
 public:
  PowerLogLines(std::string file, bool refuse_impossible);

  Step step(std::string_view window, bool last) override;
  [[nodiscard]] const std::vector<PowerSample>& samples() const override { return batch_; }
  [[nodiscard]] const Error& fault() const override { return fault_; }
  [[nodiscard]] const std::vector<Warning>& warnings() const override { return doubts_.warnings(); }

 private:
  static constexpr std::size_t kBatch = 4096;

  const char* take_lines_quickly(const char* at, const char* end);
  bool take_line(std::string_view line, std::uint64_t byte);
  bool push(const PowerSample& sample, std::uint64_t byte);
  bool refuse(std::uint64_t byte, std::string message, std::string hint = {});

  std::string file_;
  std::vector<PowerSample> batch_;
  bool refuse_impossible_;
  bool batch_taken_ = false;
  bool failed_ = false;
  bool has_previous_ = false;
  TimeStamp previous_;
  TimeStampParser stamps_;
  Doubts doubts_;
  Error fault_;
  const char* window_ = nullptr;  // begin of the current window
  std::uint64_t consumed_ = 0;    // bytes before it
  std::uint64_t line_ = 1;
};

}  // namespace joulecast
