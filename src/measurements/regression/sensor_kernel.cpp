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

struct Node {
  double late_us;  // against the mean
  double weight;
};

/// A callback is late, never early: what its delay varies by is exponential, here as a sum over a grid.
std::vector<Node> callback_delays(double sd_us) {
  if (sd_us < 1.0) return {{0.0, 1.0}};
  constexpr int kNodes = 14;
  constexpr double kStep = 0.45;
  std::vector<Node> nodes;
  double sum = 0.0, mean = 0.0, square = 0.0;
  for (int n = 0; n < kNodes; ++n) {
    const double x = kStep * (n + 0.5);
    const double weight = std::exp(-x);
    nodes.push_back({x, weight});
    sum += weight, mean += weight * x, square += weight * x * x;
  }
  mean /= sum;
  const double scale = sd_us / std::sqrt(square / sum - mean * mean);
  for (Node& node : nodes) node = {scale * (node.late_us - mean), node.weight / sum};
  return nodes;
}

}  // namespace

SensorKernel::SensorKernel(const SensorShape& shape) {
  const double w = std::max(shape.window_us, 1.0);
  const double tau = std::max(shape.lowpass_us, 0.0);
  const std::vector<Node> nodes = callback_delays(shape.timing_us);
  lead_us_ = std::max(0.0, nodes.back().late_us);
  const double wanted = w + kTailTaus * tau + lead_us_ - nodes.front().late_us;
  const auto cells = static_cast<std::size_t>(std::ceil(wanted / kCellUs)) + 1;
  reach_us_ = kCellUs * static_cast<double>(cells);
  per_us_ = 1.0 / kCellUs;
  table_.resize(cells + 2);
  const double dw = 1e-4 * w;
  const double dtau = std::max(0.01, 1e-3 * tau);
  const double lower = std::max(0.0, tau - dtau);
  for (std::size_t i = 0; i <= cells; ++i) {
    double share = 0.0, dense = 0.0, by_window = 0.0, by_lowpass = 0.0;
    for (const Node& node : nodes) {
      const double u = kCellUs * static_cast<double>(i) - lead_us_ + node.late_us;
      const double part = node.weight;
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
