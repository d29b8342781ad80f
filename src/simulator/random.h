// Random numbers and elementary functions that give the same bits on every platform.
//
// The C++ standard leaves the distributions of <random> to the library, and exp and log of a C library differ
// in the last bit between versions and processors. So: xoshiro256++ (Blackman, Vigna 2019) seeded by
// splitmix64, and exp and log from additions and multiplications alone (the build keeps them from being
// fused).
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace joulecast::simulator {

/// splitmix64: one step of a counter through a strong mixer. Also used to derive seeds.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return mix(mix(a) ^ b);
}
/// FNV-1a, mixed.
constexpr std::uint64_t mix(std::uint64_t seed, std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix(seed, hash);
}

/// e^x to about 1e-15, for |x| < 700; 0 below.
double portable_exp(double x);
/// Natural logarithm to about 1e-15, for x > 0 and not denormal.
double portable_log(double x);
/// sin(2 pi x) to about 1e-12.
double portable_sine_of_turns(double x);
inline double portable_pow(double x, double y) {
  return x <= 0.0 ? 0.0 : portable_exp(y * portable_log(x));
}

/// xoshiro256++ with the distributions needed here.
class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (auto& word : state_) word = seed = mix(seed);
  }
  std::uint64_t bits() {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  /// In [0, 1), 53 bits.
  double uniform() { return static_cast<double>(bits() >> 11U) * 0x1p-53; }
  double uniform(double low, double high);
  /// Uniform on a logarithmic scale.
  double log_uniform(double low, double high);
  bool chance(double probability);
  /// Standard normal, Marsaglia's polar method.
  double normal();
  /// Log-normal with median 1.
  double log_normal(double sd_of_log) { return portable_exp(sd_of_log * normal()); }
  /// Exponential with mean 1.
  double exponential() { return -portable_log(1.0 - uniform()); }

 private:
  std::array<std::uint64_t, 4> state_{};
  double spare_ = 0.0;
  bool has_spare_ = false;
};

}  // namespace joulecast::simulator
