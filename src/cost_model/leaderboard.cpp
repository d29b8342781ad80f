#include "cost_model/leaderboard.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace joulecast {
namespace {

constexpr std::string_view kNaive = "mean of the kind";

struct Candidate {
  std::string_view name;
  std::optional<double> (*prediction)(const HeldOutLayer&);
};
constexpr std::array<Candidate, 4> kCandidates = {
    {{"physical", [](const HeldOutLayer& layer) { return layer.physical; }},
     {"lasso", [](const HeldOutLayer& layer) { return layer.lasso; }},
     {"lasso relative", [](const HeldOutLayer& layer) { return layer.relative_lasso; }},
     {kNaive, [](const HeldOutLayer& layer) { return layer.naive; }}}};

void rank_layers(const std::vector<const HeldOutLayer*>& layers, std::string_view target,
                 std::string_view kind, std::vector<LeaderboardEntry>& board) {
  std::vector<const Candidate*> rivals;
  for (const Candidate& candidate : kCandidates) {
    const auto knows = [&](const HeldOutLayer* layer) { return candidate.prediction(*layer).has_value(); };
    if (std::any_of(layers.begin(), layers.end(), knows)) rivals.push_back(&candidate);
  }
  std::vector<double> sums(rivals.size(), 0.0);
  std::size_t count = 0;
  for (const HeldOutLayer* layer : layers) {
    if (!std::all_of(rivals.begin(), rivals.end(),
                     [&](const Candidate* rival) { return rival->prediction(*layer).has_value(); }))
      continue;
    ++count;
    for (std::size_t r = 0; r < rivals.size(); ++r) {
      const double error = *rivals[r]->prediction(*layer) / layer->measured - 1.0;
      sums[r] += error * error;
    }
  }
  if (count == 0) return;
  std::vector<LeaderboardEntry> entries;
  for (std::size_t r = 0; r < rivals.size(); ++r)
    entries.push_back({std::string(rivals[r]->name), std::string(target), std::string(kind), count,
                       100.0 * std::sqrt(sums[r] / static_cast<double>(count)), false});
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.rmspe_percent < b.rmspe_percent; });
  const auto best = std::find_if(entries.begin(), entries.end(),
                                 [](const auto& entry) { return entry.estimator != kNaive; });
  if (best != entries.end()) best->chosen = true;
  board.insert(board.end(), entries.begin(), entries.end());
}

}  // namespace

void rank(const TargetEvaluation& target, std::vector<LeaderboardEntry>& board) {
  std::vector<const HeldOutLayer*> all;
  for (const HeldOutLayer& layer : target.layers) all.push_back(&layer);
  rank_layers(all, target.target, "all", board);
  for (const LayerKind kind : {LayerKind::kConvolutional, LayerKind::kPooling, LayerKind::kDense}) {
    std::vector<const HeldOutLayer*> some;
    std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                 [&](const HeldOutLayer* layer) { return layer->kind == kind; });
    rank_layers(some, target.target, to_string(kind), board);
  }
}

}  // namespace joulecast
