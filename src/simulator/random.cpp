#include "simulator/random.h"

namespace joulecast::simulator {

namespace {

// 2^(i/64), made once by the Taylor series, so that no library's exp is asked.
struct PowersOfTwo {
  std::array<double, 64> value{};
  PowersOfTwo() {
    for (std::size_t i = 0; i < value.size(); ++i) {
      const double r = static_cast<double>(i) * (0.69314718055994530942 / 64.0);
      double sum = 1.0;
      for (int n = 22; n >= 1; --n) sum = 1.0 + sum * r / n;
      value[i] = sum;
    }
  }
};

constexpr double kShift = 0x1.8p52;  // adding and taking it away rounds to the nearest integer

}  // namespace

// x = (64 k + i) ln 2 / 64 + r with |r| <= ln 2 / 128; the step in two parts so that r keeps its digits.
double portable_exp(double x) {
  static const PowersOfTwo powers;
  if (x < -700.0) return 0.0;
  constexpr double kStepHigh = 0x1.62e42fefa0000p-7;
  constexpr double kStepLow = 0x1.cf79abc9e3b3ap-46;
  const double n = (x * (64.0 * 1.4426950408889634) + kShift) - kShift;
  const double r = (x - n * kStepHigh) - n * kStepLow;
  const double series = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0)))));
  const auto whole = static_cast<std::int64_t>(n);
  const std::int64_t i = whole & 63;
  const std::int64_t k = (whole - i) / 64;
  const double scale = std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52U);
  return powers.value[static_cast<std::size_t>(i)] * series * scale;
}

// x = m 2^e with m near 1; log m = 2 artanh((m - 1) / (m + 1)) by its series, |argument| <= 0.172.
double portable_log(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  auto e = static_cast<int>(bits >> 52U) - 1023;
  double m = std::bit_cast<double>((bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL);
  if (m > 1.41421356237309505) {
    m *= 0.5;
    ++e;
  }
  constexpr std::array kOdd{1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11,
                            1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3,  1.0};
  const double z = (m - 1.0) / (m + 1.0);
  const double z2 = z * z;
  double sum = 1.0 / 21;
  for (const double c : kOdd) sum = sum * z2 + c;
  return 2.0 * z * sum + e * 0.69314718055994530942;
}

// One quarter turn by its Taylor series.
double portable_sine_of_turns(double x) {
  double turn = x - std::floor(x);
  double sign = 1.0;
  if (turn >= 0.5) {
    turn -= 0.5;
    sign = -1.0;
  }
  if (turn > 0.25) turn = 0.5 - turn;
  const double angle = turn * 6.28318530717958647692;
  const double square = angle * angle;
  double sum = 1.0;
  for (int n = 16; n >= 2; n -= 2) sum = 1.0 - sum * square / (n * (n + 1.0));
  return sign * angle * sum;
}

double Random::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

double Random::log_uniform(double low, double high) {
  return portable_exp(uniform(portable_log(low), portable_log(high)));
}

bool Random::chance(double probability) {
  return uniform() < probability;
}

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double a = 0.0;
  double b = 0.0;
  double s = 0.0;
  do {
    a = 2.0 * uniform() - 1.0;
    b = 2.0 * uniform() - 1.0;
    s = a * a + b * b;
  } while (s >= 1.0 || s == 0.0);
  const double scale = std::sqrt(-2.0 * portable_log(s) / s);
  spare_ = b * scale;
  has_spare_ = true;
  return a * scale;
}

}  // namespace joulecast::simulator
