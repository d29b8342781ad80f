#include "training_set/pandas_number.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace joulecast {
namespace {

constexpr std::array<std::string_view, 19> kMissing = {
    "",     "#N/A", "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A",  "NA",       "NULL", "NaN",     "None",     "n/a",  "nan",  "null"};

constexpr int kMaxDigits = 17;
// So many digits fit a 64-bit integer that a double holds exactly, whatever they are.
constexpr int kExactDigits = 15;
constexpr int kMaxExponent = 308;

/// 10^0 to 10^308, each the nearest double.
constexpr std::array<double, kMaxExponent + 1> kPowersOfTen = {
    1e0,   1e1,   1e2,   1e3,   1e4,   1e5,   1e6,   1e7,   1e8,   1e9,   1e10,  1e11,  1e12,  1e13,  1e14,
    1e15,  1e16,  1e17,  1e18,  1e19,  1e20,  1e21,  1e22,  1e23,  1e24,  1e25,  1e26,  1e27,  1e28,  1e29,
    1e30,  1e31,  1e32,  1e33,  1e34,  1e35,  1e36,  1e37,  1e38,  1e39,  1e40,  1e41,  1e42,  1e43,  1e44,
    1e45,  1e46,  1e47,  1e48,  1e49,  1e50,  1e51,  1e52,  1e53,  1e54,  1e55,  1e56,  1e57,  1e58,  1e59,
    1e60,  1e61,  1e62,  1e63,  1e64,  1e65,  1e66,  1e67,  1e68,  1e69,  1e70,  1e71,  1e72,  1e73,  1e74,
    1e75,  1e76,  1e77,  1e78,  1e79,  1e80,  1e81,  1e82,  1e83,  1e84,  1e85,  1e86,  1e87,  1e88,  1e89,
    1e90,  1e91,  1e92,  1e93,  1e94,  1e95,  1e96,  1e97,  1e98,  1e99,  1e100, 1e101, 1e102, 1e103, 1e104,
    1e105, 1e106, 1e107, 1e108, 1e109, 1e110, 1e111, 1e112, 1e113, 1e114, 1e115, 1e116, 1e117, 1e118, 1e119,
    1e120, 1e121, 1e122, 1e123, 1e124, 1e125, 1e126, 1e127, 1e128, 1e129, 1e130, 1e131, 1e132, 1e133, 1e134,
    1e135, 1e136, 1e137, 1e138, 1e139, 1e140, 1e141, 1e142, 1e143, 1e144, 1e145, 1e146, 1e147, 1e148, 1e149,
    1e150, 1e151, 1e152, 1e153, 1e154, 1e155, 1e156, 1e157, 1e158, 1e159, 1e160, 1e161, 1e162, 1e163, 1e164,
    1e165, 1e166, 1e167, 1e168, 1e169, 1e170, 1e171, 1e172, 1e173, 1e174, 1e175, 1e176, 1e177, 1e178, 1e179,
    1e180, 1e181, 1e182, 1e183, 1e184, 1e185, 1e186, 1e187, 1e188, 1e189, 1e190, 1e191, 1e192, 1e193, 1e194,
    1e195, 1e196, 1e197, 1e198, 1e199, 1e200, 1e201, 1e202, 1e203, 1e204, 1e205, 1e206, 1e207, 1e208, 1e209,
    1e210, 1e211, 1e212, 1e213, 1e214, 1e215, 1e216, 1e217, 1e218, 1e219, 1e220, 1e221, 1e222, 1e223, 1e224,
    1e225, 1e226, 1e227, 1e228, 1e229, 1e230, 1e231, 1e232, 1e233, 1e234, 1e235, 1e236, 1e237, 1e238, 1e239,
    1e240, 1e241, 1e242, 1e243, 1e244, 1e245, 1e246, 1e247, 1e248, 1e249, 1e250, 1e251, 1e252, 1e253, 1e254,
    1e255, 1e256, 1e257, 1e258, 1e259, 1e260, 1e261, 1e262, 1e263, 1e264, 1e265, 1e266, 1e267, 1e268, 1e269,
    1e270, 1e271, 1e272, 1e273, 1e274, 1e275, 1e276, 1e277, 1e278, 1e279, 1e280, 1e281, 1e282, 1e283, 1e284,
    1e285, 1e286, 1e287, 1e288, 1e289, 1e290, 1e291, 1e292, 1e293, 1e294, 1e295, 1e296, 1e297, 1e298, 1e299,
    1e300, 1e301, 1e302, 1e303, 1e304, 1e305, 1e306, 1e307, 1e308,
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Digits gathered as pandas does. The first ones go through an integer: the same value, as it is exact.
class Digits {
 public:
  [[nodiscard]] bool full() const { return count_ >= kMaxDigits; }
  [[nodiscard]] int count() const { return count_; }

  void add(char c) {
    const auto digit = static_cast<unsigned>(c - '0');
    if (count_ < kExactDigits) {
      exact_ = exact_ * 10 + digit;
      if (count_ + 1 == kExactDigits) value_ = static_cast<double>(exact_);
    } else {
      value_ = value_ * 10.0 + static_cast<double>(digit);
    }
    ++count_;
  }

  [[nodiscard]] double value() const { return count_ < kExactDigits ? static_cast<double>(exact_) : value_; }

 private:
  int count_ = 0;
  std::uint64_t exact_ = 0;
  double value_ = 0.0;
};

/// The number behind an 'e', as pandas reads it: without digits the 'e' belongs to nobody.
struct Exponent {
  int value = 0;
  const char* end = nullptr;
};
Exponent read_exponent(const char* at, const char* end) {
  const char* p = at + 1;
  bool negative = false;
  if (p != end && (*p == '-' || *p == '+')) negative = *p++ == '-';
  constexpr int kFarBeyond = 100000;
  int value = 0;
  const char* const first = p;
  for (; p != end && is_digit(*p); ++p) value = std::min(value * 10 + (*p - '0'), kFarBeyond);
  if (p == first) return {0, at};
  return {negative ? -value : value, p};
}

double scale(double number, int exponent) {
  if (exponent > kMaxExponent) return std::numeric_limits<double>::infinity();
  if (exponent > 0) return number * kPowersOfTen[static_cast<std::size_t>(exponent)];
  if (exponent >= -kMaxExponent) return number / kPowersOfTen[static_cast<std::size_t>(-exponent)];
  // In two steps, because 10^-exponent alone would overflow.
  const int rest = std::min(-kMaxExponent - exponent, kMaxExponent);
  number /= kPowersOfTen[static_cast<std::size_t>(rest)];
  return number / kPowersOfTen[kMaxExponent];
}

std::optional<double> parse_infinity(std::string_view text) {
  double sign = 1.0;
  if (text.starts_with('-')) sign = -1.0;
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const auto same = [text](std::string_view word) {
    return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                      [](char a, char b) { return (a | 0x20) == b; });
  };
  if (same("inf") || same("infinity")) return sign * std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace

bool is_pandas_missing(std::string_view text) {
  return std::find(kMissing.begin(), kMissing.end(), text) != kMissing.end();
}

std::optional<double> parse_pandas_number(std::string_view text) {
  if (text.empty()) return std::numeric_limits<double>::quiet_NaN();
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end && is_space(*p)) ++p;
  bool negative = false;
  if (p != end && (*p == '-' || *p == '+')) negative = *p++ == '-';

  Digits digits;
  int exponent = 0;
  for (; p != end && is_digit(*p); ++p) {
    if (digits.full()) {
      ++exponent;
    } else {
      digits.add(*p);
    }
  }
  if (p != end && *p == '.') {
    for (++p; p != end && is_digit(*p); ++p) {
      if (digits.full()) continue;
      digits.add(*p);
      --exponent;
    }
  }
  if (digits.count() == 0) {
    if (is_pandas_missing(text)) return std::numeric_limits<double>::quiet_NaN();
    return parse_infinity(text);
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    const Exponent written = read_exponent(p, end);
    exponent += written.value;
    p = written.end;
  }
  while (p != end && is_space(*p)) ++p;
  if (p != end) {
    if (is_pandas_missing(text)) return std::numeric_limits<double>::quiet_NaN();  // 1.#IND
    return std::nullopt;
  }
  const double number = scale(negative ? -digits.value() : digits.value(), exponent);
  if (std::isinf(number)) return std::nullopt;
  return number;
}

}  // namespace joulecast
