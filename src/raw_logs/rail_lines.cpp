#include "raw_logs/rail_lines.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"
#include "raw_logs/python_text.h"
#include "raw_logs/small_text.h"

namespace joulecast {
namespace {

/// Rails that feed a whole board or module, by NVIDIA's names, and what plain loggers call their only figure.
constexpr std::array<std::string_view, 5> kWholeBoard = {"VDD_IN", "POM_5V_IN", "VDD_TOTAL", "TOTAL",
                                                         "POWER"};

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += fmt::format("{}'{}'", text.empty() ? "" : ", ", name);
  return text;
}

std::string_view in_words(StampKind kind) {
  switch (kind) {
    case StampKind::kLocal:
      return "local time";
    case StampKind::kUnix:
      return "Unix time";
    case StampKind::kElapsed:
      return "elapsed time";
  }
  return "";
}

}  // namespace

Expected<std::vector<std::size_t>> choose_rails(const std::vector<std::string>& known,
                                                const std::vector<std::string>& named) {
  std::vector<std::size_t> chosen;
  const auto position = [&](std::string_view name) {
    return static_cast<std::size_t>(
        std::find_if(known.begin(), known.end(), [&](const auto& rail) { return same_word(rail, name); }) -
        known.begin());
  };
  for (const std::string& name : named) {
    const std::size_t at = position(name);
    if (at == known.size()) {
      return fail(ErrorKind::kUsage, fmt::format("there is no rail '{}'", name), {},
                  fmt::format("The log has {}", list_of(known)));
    }
    if (std::find(chosen.begin(), chosen.end(), at) == chosen.end()) chosen.push_back(at);
  }
  if (!chosen.empty()) return chosen;
  if (known.size() == 1) return std::vector<std::size_t>{0};
  for (const std::string_view name : kWholeBoard) {
    if (const std::size_t at = position(name); at != known.size()) return std::vector<std::size_t>{at};
  }
  return fail(ErrorKind::kUsage,
              fmt::format("the log has {} rails, and none is known to feed the board: {}", known.size(),
                          list_of(known)),
              {}, "Choose with --rail NAME; several are added up");
}

RailLines::RailLines(std::string file, std::unique_ptr<RailLineParser> parser, std::optional<TimeZone> zone,
                     bool refuse_impossible)
    : file_(std::move(file)),
      parser_(std::move(parser)),
      zone_(std::move(zone)),
      refuse_impossible_(refuse_impossible) {
  batch_.reserve(kBatch);
}

StampKind RailLines::stamp_kind() const {
  const StampKind kind = kind_.value_or(StampKind::kLocal);
  return kind == StampKind::kUnix && zone_ ? StampKind::kLocal : kind;
}

PowerLines::Step RailLines::step(std::string_view window, bool last) {
  if (batch_taken_) batch_.clear();
  batch_taken_ = false;
  std::size_t at = 0;
  Kind kind = Kind::kNeedsMore;
  while (!failed_ && batch_.size() < kBatch) {
    const std::string_view rest = window.substr(at);
    if (rest.empty() && last) kind = Kind::kEnd;
    if (rest.empty()) break;
    const LineCut cut = cut_line(rest, last);
    if (cut.next == 0) break;
    if (!take_line(rest.substr(0, cut.length), consumed_ + at)) break;
    ++line_;
    at += cut.next;
  }
  if (kind == Kind::kEnd && footer_) {
    doubts_.note("the last line has more cells than the header and is left out as a footer",
                 footer_->location);
    footer_.reset();
  }
  if (failed_) kind = Kind::kError;
  if (!batch_.empty()) {
    kind = Kind::kSamples;  // a fault or the end is told by the next call
    batch_taken_ = true;
  }
  consumed_ += at;
  return {kind, at};
}

bool RailLines::take_line(std::string_view line, std::uint64_t byte) {
  const Location place{file_, line_, byte};
  std::string_view text = line;
  if (byte == 0 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (!is_utf8(text)) return refuse({ErrorKind::kMalformed, "invalid UTF-8", {}, kNoText}, place);
  text = python::strip(text);
  if (text.empty()) return true;
  if (footer_) return refuse(*footer_, footer_->location);
  auto reading = parser_->take(text);
  if (!reading && parser_->may_be_footer()) {
    footer_ = std::move(reading.error());
    footer_->location = place;
    return true;
  }
  if (!reading) return refuse(std::move(reading.error()), place);
  return !*reading || take_reading(**reading, place);
}

bool RailLines::take_reading(const RailReading& reading, const Location& place) {
  if (!kind_) {
    kind_ = reading.moment.kind;
    if (!parser_->doubt().empty()) doubts_.note(parser_->doubt(), place);
  } else if (*kind_ != reading.moment.kind) {
    return refuse(
        {ErrorKind::kMalformed,
         fmt::format("a stamp of {} among others of {}", in_words(reading.moment.kind), in_words(*kind_)),
         {},
         "Two logs may have been joined: keep the lines of one clock"},
        place);
  }
  PowerSample sample{TimeStamp{reading.moment.microseconds}, reading.millivolts, reading.milliamps};
  if (*kind_ == StampKind::kUnix && zone_) sample.at = zone_->local(reading.moment.microseconds);
  if (const auto doubt = doubt_about_power(sample.microwatts()); !doubt.empty()) {
    if (refuse_impossible_) {
      return refuse({ErrorKind::kMalformed, std::string(doubt), {}, std::string(kImpossiblePowerHint)},
                    place);
    }
    doubts_.note(doubt, place);
  }
  if (previous_) {
    const auto doubt = doubt_about_step(*previous_, sample.at);
    if (!doubt.empty()) doubts_.note(doubt, place);
  }
  previous_ = sample.at;
  batch_.push_back(sample);
  return true;
}

bool RailLines::refuse(Error fault, const Location& place) {
  failed_ = true;
  fault_ = std::move(fault);
  fault_.location = place;
  return false;
}

}  // namespace joulecast
