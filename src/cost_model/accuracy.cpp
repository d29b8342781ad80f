// Figures of accuracy over held-out layers.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "joulecast/evaluation.h"

namespace joulecast {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

double median(std::vector<double> values) {
  if (values.empty()) return kNothing;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2.0;
}

/// Ranks from 0; equal values share the mean of theirs.
std::vector<double> ranks_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = static_cast<double>(begin + end - 1) / 2.0;
    begin = end;
  }
  return ranks;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0.0;
  double aa = 0.0;
  double bb = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0.0 && bb > 0.0 ? ab / std::sqrt(aa * bb) : kNothing;
}

/// Root mean square of errors, in percent; NaN if there are none.
double root_mean_square(const std::vector<double>& errors) {
  if (errors.empty()) return kNothing;
  double sum = 0.0;
  for (const double e : errors) sum += e * e;
  return 100.0 * std::sqrt(sum / static_cast<double>(errors.size()));
}

double share(std::size_t some, std::size_t all) {
  return all == 0 ? kNothing : 100.0 * static_cast<double>(some) / static_cast<double>(all);
}

}  // namespace

Accuracy accuracy_of(std::span<const HeldOutLayer> layers) {
  Accuracy out;
  out.layers = layers.size();
  std::vector<double> errors;
  std::vector<double> sizes;
  std::vector<double> logs;
  std::vector<double> naive;
  std::vector<double> lasso;
  std::vector<double> relative_lasso;
  std::vector<double> measured;
  std::vector<double> predicted;
  double sum_measured = 0.0;
  double sum_predicted = 0.0;
  double weighted = 0.0;
  std::size_t with_interval = 0;
  std::size_t covered = 0;
  for (const HeldOutLayer& layer : layers) {
    const double error = layer.predicted / layer.measured - 1.0;
    errors.push_back(error);
    sizes.push_back(std::abs(error));
    if (layer.predicted > 0.0) logs.push_back(std::abs(std::log(layer.predicted / layer.measured)));
    measured.push_back(layer.measured);
    predicted.push_back(layer.predicted);
    sum_measured += layer.measured;
    sum_predicted += layer.predicted;
    weighted += error * error * layer.measured;
    if (layer.naive) naive.push_back(*layer.naive / layer.measured - 1.0);
    if (layer.lasso) lasso.push_back(*layer.lasso / layer.measured - 1.0);
    if (layer.relative_lasso) relative_lasso.push_back(*layer.relative_lasso / layer.measured - 1.0);
    if (!layer.low || !layer.high) continue;
    ++with_interval;
    if (*layer.low <= layer.measured && layer.measured <= *layer.high) ++covered;
  }
  const auto within = [&](double limit) {
    return share(static_cast<std::size_t>(
                     std::count_if(sizes.begin(), sizes.end(), [&](double size) { return size <= limit; })),
                 sizes.size());
  };
  out.rmspe_percent = root_mean_square(errors);
  out.mape_percent = sizes.empty() ? kNothing
                                   : 100.0 * std::accumulate(sizes.begin(), sizes.end(), 0.0) /
                                         static_cast<double>(sizes.size());
  out.median_ape_percent = 100.0 * median(sizes);
  out.time_weighted_rmspe_percent = 100.0 * std::sqrt(weighted / sum_measured);
  out.within_5_percent = within(0.05);
  out.within_10_percent = within(0.10);
  out.log_ratio_percent = 100.0 * median(logs);
  out.spearman = layers.size() < 2 ? kNothing : correlation(ranks_of(predicted), ranks_of(measured));
  out.sum_error_percent = 100.0 * (sum_predicted / sum_measured - 1.0);
  out.coverage_percent = share(covered, with_interval);
  out.naive_rmspe_percent = root_mean_square(naive);
  out.lasso_rmspe_percent = root_mean_square(lasso);
  out.relative_lasso_rmspe_percent = root_mean_square(relative_lasso);
  out.lasso_layers = lasso.size();
  return out;
}

}  // namespace joulecast
