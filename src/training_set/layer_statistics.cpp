#include "training_set/layer_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/csv.h"
#include "numerics/compensated_sum.h"
#include "numerics/quantiles.h"

namespace joulecast {

// pandas fills empty cells with zero and leaves them in place when it adds, and where they stand decides how
// the pairwise sum is cut; so the zeros are added here, too.
Description describe(std::span<const double> values) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> filled(values.begin(), values.end());
  std::vector<double> sorted;
  sorted.reserve(values.size());
  for (double& value : filled) {
    if (std::isnan(value)) {
      value = 0.0;
    } else {
      sorted.push_back(value);
    }
  }
  Description result{sorted.size(), kNone, kNone, kNone, kNone, kNone, kNone, kNone};
  if (sorted.empty()) return result;
  const auto count = static_cast<double>(sorted.size());
  result.mean = pairwise_sum(filled) / count;
  if (sorted.size() > 1) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double difference = std::isnan(values[i]) ? 0.0 : result.mean - values[i];
      filled[i] = difference * difference;
    }
    result.deviation = std::sqrt(pairwise_sum(filled) / (count - 1.0));
  }
  std::sort(sorted.begin(), sorted.end());
  result.minimum = sorted.front();
  result.quartile_1 = quantile_of_sorted(sorted, 0.25);
  result.median = quantile_of_sorted(sorted, 0.5);
  result.quartile_3 = quantile_of_sorted(sorted, 0.75);
  result.maximum = sorted.back();
  return result;
}

double group_mean(std::span<const double> values) {
  KahanSum sum;
  std::size_t count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum.add(value);
    ++count;
  }
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum.value() / static_cast<double>(count);
}

std::string statistics_csv(std::span<const NamedDescription> layers) {
  CsvText csv;
  // The frame of an empty grouping has an index without a name.
  csv.cell(layers.empty() ? "" : "layer_name");
  for (const char* column : {"count", "mean", "std", "min", "25%", "50%", "75%", "max"}) csv.cell(column);
  csv.end_row();
  for (const auto& [layer, d] : layers) {
    csv.cell(layer).cell(static_cast<double>(d.count)).cell(d.mean).cell(d.deviation).cell(d.minimum);
    csv.cell(d.quartile_1).cell(d.median).cell(d.quartile_3).cell(d.maximum).end_row();
  }
  return csv.text();
}

}  // namespace joulecast
