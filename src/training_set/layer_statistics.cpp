#include "training_set/layer_statistics.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/csv.h"
#include "numerics/compensated_sum.h"
#include "numerics/quantiles.h"

namespace joulecast {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Brings the two neighbours of each quartile to the places that sorting would give them.
void order_quartiles(std::vector<double>& values) {
  const std::size_t last = values.size() - 1;
  std::size_t ordered = 0;
  for (const double q : {0.25, 0.5, 0.75}) {
    const auto below = static_cast<std::size_t>(static_cast<double>(last) * q);
    for (const std::size_t rank : {below, std::min(below + 1, last)}) {
      if (rank < ordered) continue;
      const auto at = [&](std::size_t i) { return values.begin() + static_cast<std::ptrdiff_t>(i); };
      std::nth_element(at(ordered), at(rank), values.end());
      ordered = rank + 1;
    }
  }
}

}  // namespace

// pandas fills empty cells with zero and leaves them in place when it adds, and where they stand decides how
// the pairwise sum is cut; so the zeros are added here, too.
Moments moments(std::span<const double> values) {
  std::vector<double> filled(values.begin(), values.end());
  Moments result{0, kNone, kNone};
  for (double& value : filled) {
    if (std::isnan(value)) {
      value = 0.0;
    } else {
      ++result.count;
    }
  }
  if (result.count == 0) return result;
  const auto count = static_cast<double>(result.count);
  result.mean = pairwise_sum(filled) / count;
  if (result.count == 1) return result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double difference = std::isnan(values[i]) ? 0.0 : result.mean - values[i];
    filled[i] = difference * difference;
  }
  result.deviation = std::sqrt(pairwise_sum(filled) / (count - 1.0));
  return result;
}

Description describe(std::span<const double> values) {
  Description result{moments(values), kNone, kNone, kNone, kNone, kNone};
  if (result.count == 0) return result;
  std::vector<double> ordered;
  ordered.reserve(result.count);
  std::copy_if(values.begin(), values.end(), std::back_inserter(ordered),
               [](double value) { return !std::isnan(value); });
  const auto [minimum, maximum] = std::minmax_element(ordered.begin(), ordered.end());
  result.minimum = *minimum;
  result.maximum = *maximum;
  order_quartiles(ordered);
  result.quartile_1 = quantile_of_sorted(ordered, 0.25);
  result.median = quantile_of_sorted(ordered, 0.5);
  result.quartile_3 = quantile_of_sorted(ordered, 0.75);
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
  return count == 0 ? kNone : sum.value() / static_cast<double>(count);
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
