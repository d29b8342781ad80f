#include "base/json_fault.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace joulecast {
namespace {

/// Takes every event and keeps the place of the first fault.
struct FaultFinder : nlohmann::json_sax<nlohmann::json> {
  std::optional<std::size_t> position;  // count of bytes read, so 1 past the offending one
  std::string what;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception& fault) override {
    position = at;
    what = fault.what();
    return false;
  }
};

/// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..." -> "syntax error
/// ..."; "[json.exception.out_of_range.406] number overflow ..." -> "number overflow ...".
std::string_view bare_reason(std::string_view what) {
  if (const std::size_t column = what.find("column "); column != std::string_view::npos) {
    const std::size_t colon = what.find(": ", column);
    if (colon != std::string_view::npos) return what.substr(colon + 2);
  }
  const std::size_t bracket = what.starts_with('[') ? what.find("] ") : std::string_view::npos;
  return bracket == std::string_view::npos ? what : what.substr(bracket + 2);
}

/// Line (from 1) of a byte of the text.
std::uint64_t line_of_byte(std::string_view text, std::uint64_t byte) {
  const std::size_t end = std::min<std::size_t>(text.size(), byte);
  return 1 + static_cast<std::uint64_t>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
}

}  // namespace

Error json_fault(std::string_view text, std::string_view source, std::string_view reason,
                 std::string_view remedy) {
  const std::string file(source);
  if (text.starts_with(kByteOrderMark)) {
    return {ErrorKind::kMalformed,
            "begins with a byte-order mark, which JSON may not have",
            {file, 1, 0},
            "Save the file as UTF-8 without a byte-order mark"};
  }
  FaultFinder finder;
  nlohmann::json::sax_parse(text.begin(), text.end(), &finder);
  if (!finder.position) {  // the other parser has a limit that this one lacks (depth, size of a number)
    return {ErrorKind::kMalformed, fmt::format("not usable JSON: {}", reason), {file}, std::string(remedy)};
  }
  const std::uint64_t byte = *finder.position == 0 ? 0 : *finder.position - 1;
  const Location place{file, line_of_byte(text, byte), byte};
  if (byte >= text.size())
    return {ErrorKind::kMalformed, "JSON ends too early", place,
            fmt::format("The file was cut off. {}", remedy)};
  return {ErrorKind::kMalformed, fmt::format("not JSON: {}", bare_reason(finder.what)), place,
          std::string(remedy)};
}

}  // namespace joulecast
