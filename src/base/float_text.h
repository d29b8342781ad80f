// Doubles as text: written as Python and pandas write them, read strictly.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace joulecast {

/// The most bytes that write_float writes.
inline constexpr std::size_t kFloatTextBytes = 32;

/// Writes Python's repr(value) to `to` and returns the end: the shortest decimal that reads back as the same
/// double, with ".0" behind a whole number, an exponent of at least two digits from 1e+16 upwards and below
/// 1e-04; "nan", "inf", "-inf". Allocates nothing; `to` has room for kFloatTextBytes.
char* write_float(char* to, double value);
/// The same, appended.
void append_float(std::string& to, double value);
[[nodiscard]] std::string float_text(double value);

/// write_float with a memory for values that come again and again: the profiler's run times are multiples of
/// 32 ns. Direct-mapped: a value takes the place of another with the same hash.
class RepeatedFloatText {
 public:
  char* write(char* to, double value);

 private:
  struct Entry {
    std::uint64_t bits = 0;
    std::array<char, kFloatTextBytes> text{};
    std::size_t size = 0;  ///< 0: not yet used
  };
  std::array<Entry, 512> entries_{};
};

/// A cell of pandas' to_csv: the same, but NaN is empty.
void append_float_cell(std::string& to, double value);

/// The double nearest to a decimal number that fills the whole text: digits with an optional sign, point and
/// exponent. Nothing for anything else: empty text, white space, "nan", "inf", hexadecimal, a number beyond
/// the range of doubles.
std::optional<double> parse_double(std::string_view text);

}  // namespace joulecast
