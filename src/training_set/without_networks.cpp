#include <algorithm>

#include "joulecast/training_set.h"
#include "training_set/power_covariance.h"

namespace joulecast {

TrainingSet without_networks(const TrainingSet& data, std::span<const std::string> networks) {
  const auto is_left = [&](const std::string& network) {
    return std::find(networks.begin(), networks.end(), network) == networks.end();
  };
  TrainingSet out;
  out.devices = data.devices;
  out.warnings = data.warnings;
  for (const ReferenceKind kind : kReferenceKinds) {
    const auto k = static_cast<std::size_t>(kind);
    std::copy_if(data.reference[k].begin(), data.reference[k].end(), std::back_inserter(out.reference[k]),
                 [&](const ReferenceTable& table) { return is_left(table.network); });
  }
  std::copy_if(data.end_to_end.begin(), data.end_to_end.end(), std::back_inserter(out.end_to_end),
               [&](const EndToEndOfNetwork& one) { return is_left(one.network); });
  std::vector<bool> kept;
  std::vector<std::size_t> new_row;  // of a row that is kept; of another, that of the next one kept
  for (const LayerRow& row : data.layers) {
    kept.push_back(is_left(row.network));
    new_row.push_back(out.layers.size());
    if (kept.back()) out.layers.push_back(row);
  }
  for (const CovarianceOfRows& of_rows : data.covariance) {
    const auto begin = kept.begin() + static_cast<std::ptrdiff_t>(of_rows.first_row);
    const auto end = begin + static_cast<std::ptrdiff_t>(of_rows.powers.layer_names.size());
    PowerCovariance powers = covariance_of_some(of_rows.powers, {begin, end});
    if (!powers.layer_names.empty())
      out.covariance.push_back({new_row[of_rows.first_row], std::move(powers)});
  }
  return out;
}

}  // namespace joulecast
