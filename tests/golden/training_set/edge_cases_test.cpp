// Both programs of the reference on its 86 tiny cases, and docs/compatibility.md held to what comes out.
#include "support/edge_cases.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "joulecast/training_set.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

/// What the two commands made of a case.
struct Result {
  bool skipped = false;             ///< `attribute` wrote nothing for the network
  std::set<std::string> different;  ///< files of the reference that ours lacks or has otherwise
  std::set<std::string> extra;      ///< files of the reference's kinds that only ours wrote
};

bool is_own_file(const std::string& name) {
  return name == "trt_engine_info.json" || name == "layers.csv" || name == "rejects.csv";
}

Result run(const test::EdgeCase& edge_case) {
  const test::TemporaryFolder folder;
  for (const auto& [path, text] : edge_case.files) test::write_text(folder.path() / path, text);
  const auto preprocessed = folder.path() / "preprocessed_data";
  const auto attributed = attribute_folder(folder.path() / "raw_data", preprocessed, {});
  EXPECT_TRUE(attributed.has_value()) << edge_case.name;
  Result result;
  result.skipped = !attributed || attributed->at(0).status == AttributionOutcome::Status::kSkipped;
  ConvertOptions options;
  options.per_layer_measurements = edge_case.gate;
  // Without any network there is nothing to convert, and that is an error of its own.
  static_cast<void>(convert_folder(preprocessed, folder.path() / "training_data", options));

  for (const auto& [path, text] : edge_case.outputs) {
    const auto ours = folder.path() / path;
    const bool equal =
        path.ends_with('/') ? fs::is_directory(ours) : fs::exists(ours) && test::file_text(ours) == text;
    if (!equal) result.different.insert(path);
  }
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    const std::string path = fs::relative(entry.path(), folder.path()).string();
    if (entry.is_regular_file() && !is_own_file(entry.path().filename().string()) &&
        !edge_case.files.contains(path) && !edge_case.outputs.contains(path)) {
      result.extra.insert(path);
    }
  }
  return result;
}

/// The words of docs/compatibility.md.
std::string outcome_of(const test::EdgeCase& edge_case, const Result& result) {
  const bool died = edge_case.attribute_died || edge_case.convert_died;
  if (result.skipped && !edge_case.outputs.empty()) return "refused";
  if (result.skipped) return edge_case.attribute_died ? "skipped" : "skipped by both";
  if (!result.different.empty()) return "accepted difference";
  if (died) return "goes on";
  return result.extra.empty() ? "equal" : "accepted difference";
}

/// case -> outcome, from the rows "| `case` | outcome | ... |" of the page.
std::map<std::string, std::string> documented_outcomes() {
  std::istringstream page(test::file_text(fs::path(JOULECAST_SOURCE_DIR) / "docs" / "compatibility.md"));
  std::map<std::string, std::string> outcomes;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    const auto name_end = line.find("` | ");
    const auto outcome_end = line.find(" | ", name_end + 4);
    if (name_end == std::string::npos || outcome_end == std::string::npos) continue;
    outcomes[line.substr(3, name_end - 3)] = line.substr(name_end + 4, outcome_end - name_end - 4);
  }
  return outcomes;
}

TEST(EdgeCases, EndAsTheCompatibilityPageSays) {
  const auto documented = documented_outcomes();
  const auto cases = test::read_edge_cases();
  ASSERT_EQ(cases.size(), 86U);
  for (const auto& edge_case : cases) {
    const Result result = run(edge_case);
    const auto entry = documented.find(edge_case.name);
    ASSERT_NE(entry, documented.end()) << edge_case.name;
    EXPECT_EQ(outcome_of(edge_case, result), entry->second)
        << edge_case.name << " different: " << testing::PrintToString(result.different)
        << " extra: " << testing::PrintToString(result.extra);
  }
  EXPECT_EQ(documented.size(), cases.size());
}

test::EdgeCase case_named(const std::string& name) {
  for (auto& edge_case : test::read_edge_cases()) {
    if (edge_case.name == name) return edge_case;
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(EdgeCases, NamesThatPandasTakesForMissingDifferInConvertsFilesAlone) {
  const Result result = run(case_named("na_names"));
  EXPECT_EQ(result.different, (std::set<std::string>{"preprocessed_data/net/net_average_power_stats.csv",
                                                     "preprocessed_data/net/net_average_run_time_stats.csv",
                                                     "training_data/net/convolutional.csv"}));
  EXPECT_TRUE(result.extra.empty());
}

TEST(EdgeCases, NamesThatPandasTakesForNumbersDifferInConvertsFilesAlone) {
  const Result result = run(case_named("numeric_names"));
  EXPECT_EQ(result.different,
            (std::set<std::string>{"preprocessed_data/net/net_average_power_stats.csv",
                                   "preprocessed_data/net/net_average_run_time_stats.csv"}));
  EXPECT_EQ(result.extra, (std::set<std::string>{"training_data/net/convolutional.csv"}));
}

TEST(EdgeCases, WhereTheReferenceDiesInConvertItsFirstFilesAreEqual) {
  for (const auto& edge_case : test::read_edge_cases()) {
    if (!edge_case.convert_died || edge_case.name.find("empty_l") != std::string::npos ||
        edge_case.name.find("_empty_") != std::string::npos) {
      continue;
    }
    EXPECT_TRUE(run(edge_case).different.empty()) << edge_case.name;
  }
}

}  // namespace
}  // namespace joulecast
