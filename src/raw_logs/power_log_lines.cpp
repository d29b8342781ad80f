#include "raw_logs/power_log_lines.h"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/utf8.h"
#include "raw_logs/decimal.h"
#include "raw_logs/python_text.h"

namespace joulecast {
PowerLogLines::PowerLogLines(std::string file, bool refuse_impossible)
    : file_(std::move(file)), refuse_impossible_(refuse_impossible) {
  batch_.reserve(kBatch);
}

PowerLogLines::Step PowerLogLines::step(std::string_view window, bool last) {
  if (batch_taken_) batch_.clear();
  batch_taken_ = false;
  window_ = window.data();
  const char* at = window.data();
  const char* const end = at + window.size();
  Kind kind = Kind::kNeedsMore;
  while (!failed_ && batch_.size() < kBatch) {
    at = take_lines_quickly(at, end);
    if (failed_) break;
    const std::string_view rest(at, static_cast<std::size_t>(end - at));
    if (rest.empty() && last) kind = Kind::kEnd;
    if (rest.empty() || batch_.size() == kBatch) break;
    const LineCut cut = cut_line(rest, last);
    if (cut.next == 0) break;
    if (!take_line(rest.substr(0, cut.length), consumed_ + static_cast<std::uint64_t>(at - window_))) break;
    ++line_;
    at += cut.next;
  }
  if (failed_) kind = Kind::kError;
  if (!batch_.empty()) {
    kind = Kind::kSamples;  // a fault or the end is told by the next call
    batch_taken_ = true;
  }
  const auto consumed = static_cast<std::size_t>(at - window_);
  consumed_ += consumed;
  return {kind, consumed};
}

const char* PowerLogLines::take_lines_quickly(const char* at, const char* end) {
  constexpr std::ptrdiff_t kReach = kTimeStampLength + 1 + 2 * (decimal::kPlainReach + 1) + 2;
  while (end - at >= kReach && batch_.size() < kBatch) {
    PowerSample sample;
    if (at[kTimeStampLength] != ',' || !stamps_.parse_fixed(at, sample.at)) break;
    const char* behind = decimal::parse_short(at + kTimeStampLength + 1, sample.millivolts);
    if (behind == nullptr || *behind != ',') break;
    behind = decimal::parse_short(behind + 1, sample.milliamps);
    if (behind == nullptr) break;
    if (*behind == '\r') ++behind;
    if (*behind != '\n') break;
    if (!push(sample, consumed_ + static_cast<std::uint64_t>(at - window_))) break;
    ++line_;
    at = behind + 1;
  }
  return at;
}

/// One line, without its end. False if it is refused.
bool PowerLogLines::take_line(std::string_view line, std::uint64_t byte) {
  if (!is_utf8(line)) return refuse(byte, "invalid UTF-8", kNoText);
  const std::string_view text = python::strip(line);
  if (text.empty())
    return refuse(byte, "a blank line", "Remove it; each line must be stamp,millivolts,milliamps");
  std::array<std::string_view, 3> field;
  std::string_view rest = text;
  std::size_t count = 0;
  for (bool more = true; more && count < field.size(); ++count) {
    const std::size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    field[count] = rest.substr(0, comma);
    if (more) rest.remove_prefix(comma + 1);
  }
  const auto time = stamps_.parse(field[0]);
  if (!time) {
    const bool header = byte == 0 && field[0].find_first_of("0123456789") == std::string_view::npos;
    return refuse(byte, time.error().message, header ? "Remove the header line" : time.error().hint);
  }
  if (count < field.size())
    return refuse(byte, "a line of fewer than three fields",
                  "The log was cut off inside this line: remove it");
  std::array<double, 2> value{};
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto number = python::to_float(field[i + 1]);
    if (!number)
      return refuse(byte, fmt::format("\"{}\" is not a number", field[i + 1].substr(0, 40)),
                    "The line is damaged or was cut off: correct or remove it");
    value[i] = *number;
  }
  return push({*time, value[0], value[1]}, byte);
}

inline bool PowerLogLines::push(const PowerSample& sample, std::uint64_t byte) {
  const auto note = [&](std::string_view doubt) {
    if (!doubt.empty()) doubts_.note(doubt, {file_, line_, byte});
  };
  if (const auto doubt = doubt_about_power(sample.microwatts()); !doubt.empty()) {
    if (refuse_impossible_) return refuse(byte, std::string(doubt), std::string(kImpossiblePowerHint));
    note(doubt);
  }
  if (has_previous_) note(doubt_about_step(previous_, sample.at));
  previous_ = sample.at;
  has_previous_ = true;
  batch_.push_back(sample);
  return true;
}

bool PowerLogLines::refuse(std::uint64_t byte, std::string message, std::string hint) {
  failed_ = true;
  fault_ = {ErrorKind::kMalformed, std::move(message), {file_, line_, byte}, std::move(hint)};
  return false;
}

}  // namespace joulecast
