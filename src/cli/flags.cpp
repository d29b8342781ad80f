#include "cli/flags.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace joulecast::cli {

bool Flag::takes_path() const {
  static constexpr std::array kPaths = {"DIR",    "FILE",  "RAW_DATA", "PREPROCESSED", "TRAINING",
                                        "MODELS", "INPUT", "PATH",     "CSV"};
  const std::string& word = positional() ? name : value;
  return std::find(kPaths.begin(), kPaths.end(), word) != kPaths.end();
}

Flag& FlagSet::add(std::string name, std::string value, FlagTarget target, std::string help) {
  Flag flag;
  flag.name = std::move(name);
  flag.value = std::move(value);
  flag.help = std::move(help);
  flag.target = target;
  return flags.emplace_back(std::move(flag));
}

FlagSet common_flags(CommonOptions& options) {
  FlagSet set;
  set.add("--jobs", "N", &options.jobs, "Threads to use; 0, the default, means all cores");
  set.add("--progress", "WHEN", &options.progress,
          "Progress on stderr: auto (the default) shows it on a terminal only")
      .choices = {"auto", "always", "never"};
  set.add("--quiet", "", &options.quiet, "No summaries, notes and progress; warnings and errors stay");
  set.add("--verbose", "", &options.verbose, "Say more of what is done");
  set.add("--log-format", "FORMAT", &options.log_format,
          "Messages on stderr as text (the default) or as one JSON object a line")
      .choices = {"text", "json"};
  set.add("--strict", "", &options.strict,
          "Exit with the code of the first fault even if other networks went well");
  set.add("--help", "", &options.help, "Show this help");
  set.flags.back().alias = "-h";
  return set;
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  // Levenshtein distance, one row of the table at a time.
  const auto distance = [&](std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= other.size(); ++j) {
        const std::size_t substituted = diagonal + (word[i - 1] == other[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
      }
    }
    return row.back();
  };
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const std::size_t d = distance(candidate);
    if (d < best_distance) {
      best_distance = d;
      best = &candidate;
    }
  }
  return best != nullptr ? std::optional(*best) : std::nullopt;
}

}  // namespace joulecast::cli
