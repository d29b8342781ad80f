// What must hold for any bytes given to the log readers; used by fuzz targets, properties and regressions.
//
// Latency log: nlohmann-json decides what is JSON, a few lines here what is a latency log, and both must
// agree with the reader, whatever the window. Power log: line by line through Python's rules, without any
// fast path.
#pragma once

#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/time_stamp.h"
#include "base/utf8.h"
#include "joulecast/raw_logs.h"
#include "raw_logs/python_text.h"
#include "support/latency_events.h"

namespace joulecast::test {

/// The same double, or both NaN.
inline bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

/// Receives nlohmann-json's parse events and accepts only the shape of a latency log. (A tree would lose
/// repeated names, and an overflow to infinity is an error there.)
class LatencyLogSax {
 public:
  std::vector<LatencyLayer> layers;

  // NOLINTBEGIN(readability-identifier-naming): names given by nlohmann-json
  bool null() { return false; }
  bool boolean(bool) { return false; }
  bool number_integer(std::int64_t value) { return number(static_cast<double>(value), true); }
  bool number_unsigned(std::uint64_t value) { return number(static_cast<double>(value), true); }
  bool number_float(double value, const std::string& text) {
    const bool integer = text.find_first_of(".eE") == std::string::npos;
    return number(integer && value == 0.0 ? 0.0 : value, integer);
  }
  bool string(std::string& text) {
    if (depth_ != 3 || element_ != 1) return false;
    const auto time = parse_time_stamp(text);
    if (!time) return false;
    ++element_;
    layers.back().completed.push_back(time->microseconds);
    return true;
  }
  bool binary(std::vector<std::uint8_t>&) { return false; }
  bool start_object(std::size_t) { return depth_++ == 0; }
  bool key(std::string& name) {
    layers.push_back({name, {}, {}, 0});
    return true;
  }
  bool end_object() {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) {
    ++depth_;
    element_ = 0;
    return depth_ == 2 || (depth_ == 3 && form(true));
  }
  bool end_array() {
    --depth_;
    return depth_ == 1 || element_ == 2;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) { return false; }
  // NOLINTEND(readability-identifier-naming)

 private:
  bool form(bool pairs) {
    if (pairs_ && *pairs_ != pairs) return false;
    pairs_ = pairs;
    return true;
  }
  bool number(double value, bool integer) {
    if (depth_ == 2) {
      if (!form(false)) return false;
      layers.back().completed.push_back(0);
    } else if (depth_ != 3 || element_++ != 0) {
      return false;
    }
    LatencyLayer& layer = layers.back();
    if (integer && layer.leading_integers == layer.milliseconds.size()) ++layer.leading_integers;
    layer.milliseconds.push_back(value);
    return true;
  }
  int depth_ = 0;
  int element_ = 0;
  std::optional<bool> pairs_;
};

/// Empty if nlohmann-json and the rules above refuse the text.
inline std::optional<std::vector<LatencyLayer>> oracle_latencies(std::string_view text) {
  LatencyLogSax sax;
  // nlohmann-json skips a byte-order mark and takes a NUL for the end of the text; Python and we refuse both.
  if (text.starts_with("\xef\xbb\xbf") || text.find('\0') != std::string_view::npos) return std::nullopt;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &sax)) return std::nullopt;
  return std::move(sax.layers);
}

/// Does the text hold what the oracle cannot judge: NaN, Infinity, numbers beyond the range of doubles or of
/// more than 4300 digits (Python takes or refuses these otherwise than nlohmann-json)? A cautious guess by
/// characters.
inline bool beyond_oracle(std::string_view text) {
  if (text.find("NaN") != std::string_view::npos || text.find("Inf") != std::string_view::npos) return true;
  std::size_t run = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    run = digit ? run + 1 : 0;
    if (run > 200) return true;
    // An exponent of three digits or more.
    if ((text[i] == 'e' || text[i] == 'E') &&
        text.substr(i + 1, 3).find_first_not_of("+-0123456789") == std::string_view::npos)
      return true;
  }
  return false;
}

inline bool same_layers(const std::vector<LatencyLayer>& a, const std::vector<LatencyLayer>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].name != b[i].name || a[i].completed != b[i].completed ||
        a[i].leading_integers != b[i].leading_integers ||
        a[i].milliseconds.size() != b[i].milliseconds.size())
      return false;
    for (std::size_t j = 0; j < a[i].milliseconds.size(); ++j) {
      if (!same(a[i].milliseconds[j], b[i].milliseconds[j])) return false;
    }
  }
  return true;
}

/// Checks a text in two windows against each other and against the oracle. Empty if all is well, else what is
/// not.
inline std::string check_latency_log(std::string_view text, std::size_t window_bytes) {
  const LatencyReading whole = read_latencies(text, 1U << 16U);
  const LatencyReading cut = read_latencies(text, window_bytes);
  if (!same_layers(whole.layers, cut.layers)) return "the window decides what is read";
  if (whole.error.has_value() != cut.error.has_value()) return "the window decides what is accepted";
  if (whole.error && whole.error->describe() != cut.error->describe()) return "the window decides the error";
  if (whole.error && (whole.error->location.byte > text.size() || whole.error->location.line == 0))
    return "the error lies outside of the text";
  if (beyond_oracle(text)) return {};
  const auto oracle = oracle_latencies(text);
  if (oracle.has_value() == whole.error.has_value())
    return oracle ? "refused what nlohmann-json takes: " + whole.error->describe()
                  : "took what nlohmann-json refuses";
  if (oracle && !same_layers(*oracle, whole.layers)) return "read something else than nlohmann-json";
  return {};
}

struct PowerReading {
  std::vector<PowerSample> samples;
  std::optional<Error> error;
};

inline PowerReading read_power(PowerLogReader reader) {
  PowerReading reading;
  for (;;) {
    const auto more = reader.next();
    if (!more) reading.error = more.error();
    if (!more || more->empty()) return reading;
    reading.samples.insert(reading.samples.end(), more->begin(), more->end());
  }
}
inline PowerReading read_power(std::string_view text, std::size_t window_bytes) {
  return read_power(PowerLogReader::from_memory(text, "power.log", window_bytes));
}

/// The samples up to the first bad line, and whether there is one.
inline PowerReading oracle_power(std::string_view text) {
  PowerReading reading;
  std::uint64_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t length = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, length);
    const std::size_t end = text.substr(length).starts_with("\r\n") ? 2 : 1;
    text.remove_prefix(std::min(length + end, text.size()));
    std::vector<std::string_view> fields;
    const std::string_view stripped = python::strip(line);
    for (std::size_t from = 0; from <= stripped.size();) {
      const std::size_t comma = std::min(stripped.find(',', from), stripped.size());
      fields.push_back(stripped.substr(from, comma - from));
      from = comma + 1;
    }
    const auto time = parse_time_stamp(fields.front());
    const auto millivolts = fields.size() < 3 ? std::nullopt : python::to_float(fields[1]);
    const auto milliamps = fields.size() < 3 ? std::nullopt : python::to_float(fields[2]);
    if (!is_utf8(line) || !time || !millivolts || !milliamps) {
      reading.error = Error{ErrorKind::kMalformed, "", {"power.log", number}, ""};
      return reading;
    }
    reading.samples.push_back({*time, *millivolts, *milliamps});
  }
  return reading;
}

inline bool same_samples(const std::vector<PowerSample>& a, const std::vector<PowerSample>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].at != b[i].at || !same(a[i].millivolts, b[i].millivolts) ||
        !same(a[i].milliamps, b[i].milliamps))
      return false;
  }
  return true;
}

/// Other tools' forms: the window decides nothing, a fault lies inside the text, and what was read before it
/// is what the text before it gives.
inline std::string check_rail_log(std::string_view text, std::size_t window_bytes, PowerFormat format) {
  PowerLogOptions options;
  options.format = format;
  options.time_zone = "Europe/Berlin";
  const auto read = [&](std::string_view part, std::size_t window) {
    return read_power(PowerLogReader::from_memory(part, "power.log", window, options).value());
  };
  const PowerReading whole = read(text, 1U << 16U);
  const PowerReading cut = read(text, window_bytes);
  if (!same_samples(whole.samples, cut.samples)) return "the window decides what is read";
  if (whole.error.has_value() != cut.error.has_value()) return "the window decides what is accepted";
  if (!whole.error) return {};
  if (whole.error->describe() != cut.error->describe()) return "the window decides the error";
  const Location& place = whole.error->location;
  if (place.line == 0 || !place.byte || *place.byte > text.size())
    return "the error lies outside of the text";
  if (format == PowerFormat::kAuto) return {};  // less text may look like another form
  const PowerReading before = read(text.substr(0, *place.byte), 1U << 16U);
  if (before.error || !same_samples(before.samples, whole.samples))
    return "what stands before a fault reads otherwise without it";
  return {};
}

/// As check_latency_log.
inline std::string check_power_log(std::string_view text, std::size_t window_bytes) {
  const PowerReading whole = read_power(text, 1U << 16U);
  const PowerReading cut = read_power(text, window_bytes);
  if (!same_samples(whole.samples, cut.samples)) return "the window decides what is read";
  if (whole.error.has_value() != cut.error.has_value()) return "the window decides what is accepted";
  if (whole.error && whole.error->describe() != cut.error->describe()) return "the window decides the error";
  const PowerReading oracle = oracle_power(text);
  if (oracle.error.has_value() != whole.error.has_value()) return "accepts otherwise than the slow rules";
  if (oracle.error && oracle.error->location.line != whole.error->location.line)
    return "another line is refused";
  if (!same_samples(oracle.samples, whole.samples)) return "read something else than the slow rules";
  return {};
}

}  // namespace joulecast::test
