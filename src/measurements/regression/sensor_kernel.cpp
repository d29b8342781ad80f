#include "measurements/regression/sensor_kernel.h"

#include <algorithm>

namespace joulecast::regression {
namespace {

constexpr double kCellUs = 2.0;
constexpr double kTailTaus = 7.0;  // exp(-7) = 0.1 % of the tail is given to the last cell

double integral(double u, double w, double tau) {
  if (u <= 0.0) return 0.0;
  if (tau < 1e-6) return std::min(u / w, 1.0);
  if (u <= w) return (u + tau * std::expm1(-u / tau)) / w;
  return 1.0 - tau / w * (std::exp(-(u - w) / tau) - std::exp(-u / tau));
}

double density(double u, double w, double tau) {
  if (u < 0.0) return 0.0;
  if (tau < 1e-6) return u <= w ? 1.0 / w : 0.0;
  if (u <= w) return -std::expm1(-u / tau) / w;
  return (std::exp(-(u - w) / tau) - std::exp(-u / tau)) / w;
}

}  // namespace

SensorKernel::SensorKernel(const SensorShape& shape) {
  const double w = std::max(shape.window_us, 1.0);
  const double tau = std::max(shape.lowpass_us, 0.0);
  lead_us_ = shape.timing_us > 1.0 ? 3.0 * shape.timing_us : 0.0;
  const double wanted = w + kTailTaus * tau + 2.0 * lead_us_;
  const auto cells = static_cast<std::size_t>(std::ceil(wanted / kCellUs)) + 1;
  reach_us_ = kCellUs * static_cast<double>(cells);
  per_us_ = 1.0 / kCellUs;
  table_.resize(cells + 2);
  const double dw = 1e-4 * w;
  const double dtau = std::max(0.01, 1e-3 * tau);
  const double lower = std::max(0.0, tau - dtau);
  // A normal blur as a sum over its quantiles' places, -3 to 3 sd.
  const int nodes = lead_us_ > 0.0 ? 6 : 0;
  double norm = 0.0;
  for (int n = -nodes; n <= nodes; ++n) norm += std::exp(-0.125 * n * n);
  for (std::size_t i = 0; i <= cells; ++i) {
    double share = 0.0, dense = 0.0, by_window = 0.0, by_lowpass = 0.0;
    for (int n = -nodes; n <= nodes; ++n) {
      const double u = kCellUs * static_cast<double>(i) - lead_us_ + 0.5 * n * shape.timing_us;
      const double part = std::exp(-0.125 * n * n) / norm;
      share += part * integral(u, w, tau);
      dense += part * density(u, w, tau);
      by_window += part * (integral(u, w + dw, tau) - integral(u, w - dw, tau)) / (2.0 * dw);
      by_lowpass += part * (integral(u, w, tau + dtau) - integral(u, w, lower)) / (tau + dtau - lower);
    }
    table_[i] = Values{static_cast<float>(i == cells ? 1.0 : share), static_cast<float>(dense),
                       static_cast<float>(by_window), static_cast<float>(by_lowpass)};
  }
  table_[cells + 1] = Values{1.0F, 0.0F, 0.0F, 0.0F};
}

}  // namespace joulecast::regression
