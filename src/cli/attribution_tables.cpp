#include "cli/attribution_tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/table.h"
#include "joulecast/regression.h"

namespace joulecast::cli {
namespace {

std::string percent(double part, double whole, int decimals) {
  return whole > 0.0 ? fmt::format("{:.{}f}", 100.0 * part / whole, decimals) : "-";
}

std::string_view in_words(AttributionOutcome::Status status) {
  switch (status) {
    case AttributionOutcome::Status::kDone:
      return "done";
    case AttributionOutcome::Status::kWithoutPower:
      return "no power";
    case AttributionOutcome::Status::kRunTimesOnly:
      return "run times only";
    case AttributionOutcome::Status::kRefused:
      return "refused";
    case AttributionOutcome::Status::kSkipped:
      return "skipped";
  }
  return "";
}

/// Run time by status: what of the inference is known how well. Layers of a refused network are undetermined.
struct Shares {
  double resolved = 0.0, merged = 0.0, undetermined = 0.0;
  explicit Shares(const RegressionResult& result) {
    for (const LayerPower& layer : result.layers) {
      double& share = layer.status == "resolved" ? resolved
                      : layer.status == "merged" ? merged
                                                 : undetermined;
      share += layer.run_time_ms;
    }
  }
  [[nodiscard]] double sum() const { return resolved + merged + undetermined; }
};

std::string with_interval(const Interval& value) {
  return fmt::format("{:.3g} ({:.3g}-{:.3g})", value.value, value.low, value.high);
}

}  // namespace

std::string window_table(const std::vector<AttributionOutcome>& outcomes, std::size_t width, bool colours) {
  Table table({{"network", Table::Align::kLeft, Table::Narrow::kOwnLine},
               {"rows"},
               {"with power (%)"},
               {"samples"},
               {"used (%)"},
               {"status", Table::Align::kLeft}});
  for (const auto& outcome : outcomes) {
    const auto& s = outcome.summary;
    const bool counted = outcome.status == AttributionOutcome::Status::kDone ||
                         outcome.status == AttributionOutcome::Status::kWithoutPower;
    const auto share = [](std::uint64_t part, std::uint64_t whole) {
      return percent(static_cast<double>(part), static_cast<double>(whole), 1);
    };
    if (counted)
      table.add({outcome.network, count_cell(s.rows), share(s.rows_with_power, s.rows),
                 count_cell(s.samples_read), share(s.samples_used, s.samples_read),
                 std::string(in_words(outcome.status))});
    else
      table.add({outcome.network, "-", "-", "-", "-", std::string(in_words(outcome.status))});
  }
  return table.text(width, colours);
}

std::string regression_table(const std::vector<AttributionOutcome>& outcomes, std::size_t width,
                             bool colours) {
  Table table({{"network", Table::Align::kLeft, Table::Narrow::kOwnLine},
               {"verdict", Table::Align::kLeft},
               {"ms"},
               {"energy (mJ)"},
               {"alone %"},
               {"block %"},
               {"open %"}});
  for (const auto& outcome : outcomes) {
    if (!outcome.regression) {
      table.add({outcome.network, std::string(in_words(outcome.status)), cell(outcome.run_time_ms, 2), "-",
                 "-", "-", "-"});
      continue;
    }
    const RegressionResult& result = *outcome.regression;
    const Shares shares(result);
    const bool refused = result.verdict == Verdict::kRefused;
    const auto share = [&](double part) { return refused ? "-" : percent(part, shares.sum(), 0); };
    table.add({outcome.network, std::string(to_string(result.verdict)),
               fmt::format("{:.2f}", result.network.run_time_ms),
               refused ? "-" : with_interval(result.network.energy_mj), share(shares.resolved),
               share(shares.merged), share(shares.undetermined)});
  }
  return table.text(width, colours) +
         "of the run time: layers resolved alone, merged into blocks, and undetermined\n";
}

}  // namespace joulecast::cli
