#include "simulator/random.h"

namespace joulecast::simulator {

// x = k ln 2 + r with |r| <= ln 2 / 2, ln 2 in two parts so that r keeps its digits; e^r by its Taylor
// series.
double portable_exp(double x) {
  if (x < -700.0) return 0.0;
  constexpr double kLn2High = 0x1.62e42fefa0000p-1;
  constexpr double kLn2Low = 0x1.cf79abc9e3b3ap-40;
  const double k = std::floor(x * 1.4426950408889634 + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double sum = 1.0;
  for (int n = 14; n >= 1; --n) sum = 1.0 + sum * r * (1.0 / n);
  return std::ldexp(sum, static_cast<int>(k));
}

// x = m 2^e with m near 1; log m = 2 artanh((m - 1) / (m + 1)) by its series, |argument| <= 0.172.
double portable_log(double x) {
  int e = 0;
  double m = std::frexp(x, &e);
  if (m < 0.70710678118654752) {
    m *= 2.0;
    --e;
  }
  const double z = (m - 1.0) / (m + 1.0);
  const double z2 = z * z;
  double sum = 0.0;
  for (int n = 21; n >= 1; n -= 2) sum = sum * z2 + 1.0 / n;
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
