#include "training_set/layer_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>

#include "base/csv.h"
#include "numerics/compensated_sum.h"
#include "numerics/quantiles.h"

namespace joulecast {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

constexpr std::size_t kBuckets = 2048;

/// The values whose rank in sorted order is one of the quartiles' neighbours, found without sorting: values
/// are counted into buckets of equal width, and only the buckets that hold a wanted rank are looked into.
class RankFinder {
 public:
  /// All values between the two, which are finite.
  RankFinder(std::span<const double> values, double minimum, double maximum)
      : values_(values), minimum_(minimum) {
    const double width = maximum - minimum;
    // A width of 0, and one so small or large that its inverse fails, leave one bucket.
    const double inverse = static_cast<double>(kBuckets - 1) / width;
    scale_ = std::isfinite(width) && std::isfinite(inverse) ? inverse : 0.0;
    std::array<std::uint32_t, kBuckets> counts{};
    for (const double value : values) ++counts[bucket_of(value)];
    std::size_t before = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      first_rank_[i] = before;
      before += counts[i];
    }
  }

  double at_rank(std::size_t rank) {
    const auto behind = std::upper_bound(first_rank_.begin(), first_rank_.end(), rank);
    const auto bucket = static_cast<std::size_t>(behind - first_rank_.begin()) - 1;
    if (bucket != gathered_bucket_) {
      gathered_.clear();
      std::copy_if(values_.begin(), values_.end(), std::back_inserter(gathered_),
                   [&](double value) { return bucket_of(value) == bucket; });
      gathered_bucket_ = bucket;
    }
    const auto place = gathered_.begin() + static_cast<std::ptrdiff_t>(rank - first_rank_[bucket]);
    std::nth_element(gathered_.begin(), place, gathered_.end());
    return *place;
  }

 private:
  /// Never falls as the value grows: each rounding step keeps order.
  [[nodiscard]] std::size_t bucket_of(double value) const {
    return std::min(static_cast<std::size_t>((value - minimum_) * scale_), kBuckets - 1);
  }

  std::span<const double> values_;
  double minimum_;
  double scale_ = 0.0;
  std::array<std::size_t, kBuckets> first_rank_{};
  std::vector<double> gathered_;
  std::size_t gathered_bucket_ = kBuckets;
};

/// The quartile between its two neighbours, as quantile_of_sorted() of all values.
double quartile(RankFinder& finder, std::size_t count, double q) {
  const auto below = static_cast<std::size_t>(static_cast<double>(count - 1) * q);
  const double a = finder.at_rank(below);
  return quantile_between(a, below + 1 < count ? finder.at_rank(below + 1) : a, count, q);
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
  if (std::isinf(result.minimum) || std::isinf(result.maximum)) {
    std::sort(ordered.begin(), ordered.end());
    result.quartile_1 = quantile_of_sorted(ordered, 0.25);
    result.median = quantile_of_sorted(ordered, 0.5);
    result.quartile_3 = quantile_of_sorted(ordered, 0.75);
    return result;
  }
  RankFinder finder(ordered, result.minimum, result.maximum);
  result.quartile_1 = quartile(finder, ordered.size(), 0.25);
  result.median = quartile(finder, ordered.size(), 0.5);
  result.quartile_3 = quartile(finder, ordered.size(), 0.75);
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
