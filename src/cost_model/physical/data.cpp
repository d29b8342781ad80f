#include "cost_model/physical/data.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <fmt/format.h>

namespace joulecast {
namespace {

std::optional<double> energy_of(const LayerRow& row) {
  std::optional<double> energy = row.energy_mj;
  if (!energy && row.power_w && row.run_time_ms) energy = *row.power_w * *row.run_time_ms;
  const bool idle_inside = row.power_basis == "board" && row.idle_power_w && row.run_time_ms;
  if (energy && idle_inside) energy = *energy - *row.idle_power_w * *row.run_time_ms;
  return energy;
}

std::optional<double> figure_of(const LayerRow& row, PhysicalTarget target) {
  return target == PhysicalTarget::kRunTime ? row.run_time_ms : energy_of(row);
}

/// Standard deviation of the figure as a share of it.
double relative_sd_of(const LayerRow& row, PhysicalTarget target, double figure) {
  if (!(figure > 0.0)) return 0.0;
  const double cycles = static_cast<double>(std::max<std::uint64_t>(row.cycles.value_or(1), 1));
  if (target == PhysicalTarget::kRunTime)
    return row.run_time_sd_ms ? *row.run_time_sd_ms / std::sqrt(cycles) / figure : 0.0;
  // A layer's power deviates from cycle to cycle where rows are per cycle; what regression gives is the
  // mean's own.
  if (row.power_sd_w && row.power_w && *row.power_w > 0.0) return *row.power_sd_w / *row.power_w;
  return 0.0;
}

using ShapeKey = std::array<double, 13>;
ShapeKey shape_of(const LayerRow& first, const LayerRow& last) {
  const auto size = [](const std::optional<double>& value) { return value.value_or(-1.0); };
  const bool block = &first != &last;
  const auto window = [&](const std::optional<double>& value) { return block ? -2.0 : size(value); };
  return {static_cast<double>(first.kind),
          size(first.batch_size),
          size(first.input_channels),
          size(first.input_height),
          size(first.input_width),
          size(last.output_channels),
          size(last.output_height),
          size(last.output_width),
          window(first.kernel_height),
          window(first.kernel_width),
          window(first.stride_height),
          window(first.groups),
          block ? 1.0 : 0.0};
}

class Gathering {
 public:
  Gathering(std::span<const LayerRow> rows, PhysicalTarget target,
            std::span<const CovarianceOfRows> covariance)
      : rows_(rows), covariance_(covariance) {
    data_.target = target;
  }

  PhysicalData run() {
    std::string device;
    for (const LayerRow& row : rows_)
      if (device.empty()) device = row.device;
    data_.device = device_constants(device);
    for (std::size_t begin = 0; begin < rows_.size();) {
      const std::size_t end = end_of_unit(begin);
      take(begin, end);
      begin = end;
    }
    data_.shapes = shapes_.size();
    if (data_.target == PhysicalTarget::kEnergy)
      for (const CovarianceOfRows& one : covariance_) take_covariance(one);
    if (not_positive_ != 0)
      data_.warnings.push_back(
          {fmt::format(
               "{} of 0 or less was left out (first: {})",
               data_.target == PhysicalTarget::kRunTime ? "a run time" : "an energy (or power x run time)",
               first_not_positive_),
           {},
           not_positive_});
    return std::move(data_);
  }

 private:
  std::size_t end_of_unit(std::size_t begin) const {
    const LayerRow& first = rows_[begin];
    std::size_t end = begin + 1;
    if (first.block.empty()) return end;
    std::size_t measured = figure_of(first, data_.target) ? 1 : 0;
    std::size_t count = 1;
    // A layer that takes no time may stand between those of a block.
    for (std::size_t i = end; i < rows_.size() && rows_[i].network == first.network; ++i) {
      const bool member = rows_[i].block == first.block;
      if (!member && rows_[i].kind != LayerKind::kNone) break;
      if (!member) continue;
      measured += figure_of(rows_[i], data_.target) ? 1 : 0;
      ++count;
      end = i + 1;
    }
    // Run times of a block that is merged for its power are known layer by layer.
    const bool each_known = data_.target == PhysicalTarget::kRunTime && measured == count;
    return each_known ? begin + 1 : end;
  }

  void take(std::size_t begin, std::size_t end) {
    PhysicalUnit unit;
    unit.begin = static_cast<std::uint32_t>(data_.layers.size());
    double sum = 0.0;
    double variance = 0.0;
    bool measured = false;
    for (std::size_t i = begin; i < end; ++i) {
      if (rows_[i].kind != LayerKind::kNone) add_layer(rows_[i]);
      const auto figure = figure_of(rows_[i], data_.target);
      if (!figure) continue;
      measured = true;
      sum += *figure;
      const double sd = relative_sd_of(rows_[i], data_.target, *figure) * *figure;
      variance += sd * sd;
    }
    unit.end = static_cast<std::uint32_t>(data_.layers.size());
    if (!measured || unit.begin == unit.end) return;
    const bool by_itself = !rows_[begin].block.empty() && rows_[begin].status.empty();
    data_.values[unit.begin][index(PhysicalTerm::kCall)] = by_itself ? 1.0 : 0.0;
    if (!(sum > 0.0)) {
      if (not_positive_++ == 0)
        first_not_positive_ = fmt::format("{}: {}", rows_[begin].network, rows_[begin].layer_name);
      return;
    }
    unit.measured = sum;
    unit.relative_sd = std::sqrt(variance) / sum;
    unit.kind = rows_[begin].kind;
    unit.network = network_of(rows_[begin].network);
    unit.shape = shapes_.try_emplace(shape_of(rows_[begin], rows_[end - 1]), shapes_.size()).first->second;
    if (data_.target == PhysicalTarget::kEnergy && data_.power_basis.empty()) {
      const LayerRow& row = rows_[begin];
      const bool idle_inside = row.power_basis == "board" && !(row.idle_power_w && row.run_time_ms);
      data_.power_basis = idle_inside ? "board" : "above_idle";
    }
    data_.units.push_back(unit);
    rows_of_unit_.emplace_back(begin, end);
  }

  /// Energies are times x powers, so that their covariance is t' V t.
  void take_covariance(const CovarianceOfRows& of_rows) {
    const std::size_t end = of_rows.first_row + of_rows.powers.layer_names.size();
    UnitCovariance out;
    for (std::uint32_t u = 0; u < data_.units.size(); ++u) {
      const bool inside = rows_of_unit_[u].first >= of_rows.first_row && rows_of_unit_[u].second <= end;
      if (inside && covered(u, of_rows)) out.units.push_back(u);
    }
    const std::size_t n = out.units.size();
    if (n == 0) return;
    out.relative.resize(n * n);
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b)
        out.relative[a * n + b] = covariance_of(out.units[a], out.units[b], of_rows) /
                                  (data_.units[out.units[a]].measured * data_.units[out.units[b]].measured);
    data_.covariance.push_back(std::move(out));
  }

  bool covered(std::uint32_t unit, const CovarianceOfRows& of_rows) const {
    const double variance = covariance_of(unit, unit, of_rows);
    return std::isfinite(variance) && variance >= 0.0;
  }

  double covariance_of(std::uint32_t a, std::uint32_t b, const CovarianceOfRows& of_rows) const {
    const std::size_t first = of_rows.first_row;
    double sum = 0.0;
    for (std::size_t i = rows_of_unit_[a].first; i < rows_of_unit_[a].second; ++i) {
      for (std::size_t k = rows_of_unit_[b].first; k < rows_of_unit_[b].second; ++k) {
        const double times = rows_[i].run_time_ms.value_or(0.0) * rows_[k].run_time_ms.value_or(0.0);
        if (times != 0.0) sum += times * of_rows.powers.at(i - first, k - first);
      }
    }
    return sum;
  }

  void add_layer(const LayerRow& row) {
    data_.layers.push_back(row);
    data_.demands.push_back(demand_of(row));
    data_.values.push_back(terms_of(data_.demands.back(), row, data_.device));
    data_.sizes.push_back(log_sizes_of(data_.demands.back(), row));
    data_.run_time_ms.push_back(row.run_time_ms.value_or(0.0));
    data_.values.back()[index(PhysicalTerm::kActive)] = data_.run_time_ms.back();
  }

  std::uint32_t network_of(const std::string& name) {
    const auto found = std::find(data_.networks.begin(), data_.networks.end(), name);
    if (found == data_.networks.end()) data_.networks.push_back(name);
    return static_cast<std::uint32_t>(std::find(data_.networks.begin(), data_.networks.end(), name) -
                                      data_.networks.begin());
  }

  std::span<const LayerRow> rows_;
  std::span<const CovarianceOfRows> covariance_;
  std::vector<std::pair<std::size_t, std::size_t>> rows_of_unit_;
  PhysicalData data_;
  std::map<ShapeKey, std::uint32_t> shapes_;
  std::uint64_t not_positive_ = 0;
  std::string first_not_positive_;
};

}  // namespace

PhysicalData gather(std::span<const LayerRow> rows, PhysicalTarget target,
                    std::span<const CovarianceOfRows> covariance) {
  return Gathering(rows, target, covariance).run();
}

void set_device(PhysicalData& data, const PhysicalDevice& device) {
  data.device = device;
  for (std::size_t i = 0; i < data.layers.size(); ++i) {
    const PhysicalValues before = data.values[i];
    data.values[i] = terms_of(data.demands[i], data.layers[i], device);
    for (const PhysicalTerm term : {PhysicalTerm::kCall, PhysicalTerm::kActive})
      data.values[i][index(term)] = before[index(term)];
  }
}

}  // namespace joulecast
