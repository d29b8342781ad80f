// Cross-validation splits.
#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "joulecast/numerics.h"

namespace joulecast {

Expected<std::vector<Fold>> contiguous_folds(std::size_t rows, std::size_t folds) {
  if (folds < 2)
    return fail(ErrorKind::kUsage, "cross-validation needs at least 2 folds", {}, "Ask for 2 folds or more");
  if (rows < folds) {
    return fail(ErrorKind::kUnfit,
                std::to_string(rows) + " rows cannot be cut into " + std::to_string(folds) + " folds", {},
                "use fewer folds or more rows");
  }
  std::vector<Fold> out(folds);
  std::size_t next = 0;
  for (std::size_t f = 0; f < folds; ++f) {
    out[f].resize(rows / folds + (f < rows % folds ? 1 : 0));
    std::iota(out[f].begin(), out[f].end(), next);
    next += out[f].size();
  }
  return out;
}

Expected<std::vector<Fold>> grouped_folds(std::span<const std::size_t> group_of_row, std::size_t folds) {
  if (folds < 2)
    return fail(ErrorKind::kUsage, "cross-validation needs at least 2 folds", {}, "Ask for 2 folds or more");
  std::unordered_map<std::size_t, std::size_t> index_of_group;  // in order of first appearance
  std::vector<Fold> groups;
  for (std::size_t row = 0; row < group_of_row.size(); ++row) {
    const auto [place, is_new] = index_of_group.try_emplace(group_of_row[row], groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(row);
  }
  if (groups.size() < folds) {
    return fail(
        ErrorKind::kUnfit,
        std::to_string(groups.size()) + " groups cannot be cut into " + std::to_string(folds) + " folds", {},
        "use fewer folds or more groups");
  }
  // Largest group first into the emptiest fold: within 4/3 of the best balance (Graham 1969), and
  // reproducible.
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Fold& a, const Fold& b) { return a.size() > b.size(); });
  std::vector<Fold> out(folds);
  for (const Fold& group : groups) {
    const auto emptiest = std::min_element(out.begin(), out.end(),
                                           [](const Fold& a, const Fold& b) { return a.size() < b.size(); });
    emptiest->insert(emptiest->end(), group.begin(), group.end());
  }
  for (Fold& fold : out) std::sort(fold.begin(), fold.end());
  return out;
}

}  // namespace joulecast
