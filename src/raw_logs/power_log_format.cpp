#include "raw_logs/power_log_format.h"

#include "base/time_stamp.h"
#include "base/utf8.h"
#include "raw_logs/power_lines.h"
#include "raw_logs/python_text.h"
#include "raw_logs/rail_lines.h"

namespace joulecast {
namespace {

std::string_view take_line(std::string_view& text) {
  while (!text.empty()) {
    const LineCut cut = cut_line(text, true);
    const std::string_view line = python::strip(text.substr(0, cut.length));
    text.remove_prefix(cut.next);
    if (!line.empty()) return line;
  }
  return {};
}

bool begins_with_stamp(std::string_view line) {
  return parse_time_stamp(line.substr(0, line.find(','))).has_value();
}

/// Does a parser take the line, whatever rail was meant?
bool taken_by(RailLineParser& parser, std::string_view line) {
  const auto reading = parser.take(line);
  return reading || reading.error().kind == ErrorKind::kUsage;
}

}  // namespace

std::string_view to_string(PowerFormat format) {
  switch (format) {
    case PowerFormat::kAuto:
      return "auto";
    case PowerFormat::kEdgeprofiler:
      return "edgeprofiler";
    case PowerFormat::kTegrastats:
      return "tegrastats";
    case PowerFormat::kCsv:
      return "csv";
  }
  return "";
}

PowerFormat detect_power_format(std::string_view head) {
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  const std::string_view first = take_line(head);
  const std::string_view second = take_line(head);
  if (begins_with_stamp(first) || begins_with_stamp(second)) return PowerFormat::kEdgeprofiler;
  // tegrastats has memory in front of its rails, whatever its version.
  const bool has_memory = first.find("RAM ") != first.npos && first.find("MB") != first.npos;
  if (has_memory || taken_by(*make_tegrastats_parser({}), first)) return PowerFormat::kTegrastats;
  if (taken_by(*make_power_csv_parser({}), first)) return PowerFormat::kCsv;
  return PowerFormat::kEdgeprofiler;
}

}  // namespace joulecast
