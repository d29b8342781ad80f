// `convert` on the reference's own fixtures and on larger inputs, byte for byte.
#include <gtest/gtest.h>

#include <algorithm>

#include "joulecast/training_set.h"
#include "support/golden_files.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

/// Every file under `golden` stands under `ours` with the same bytes; gives their number.
std::size_t expect_equal_files(const fs::path& golden, const fs::path& ours) {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(golden)) {
    if (entry.path().extension() != ".csv") continue;
    const auto path = ours / fs::relative(entry.path(), golden);
    ++files;
    if (!fs::exists(path)) {
      ADD_FAILURE() << "missing: " << path;
    } else if (test::file_text(path) != test::file_text(entry.path())) {
      ADD_FAILURE() << "different: " << path;
    }
  }
  return files;
}

/// How many CSV files of the reference's kinds stand under a folder.
std::size_t count_reference_files(const fs::path& folder) {
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto name = entry.path().filename();
    files += name == "convolutional.csv" || name == "pooling.csv" || name == "dense.csv" ? 1U : 0U;
  }
  return files;
}

Expected<std::vector<ConvertOutcome>> convert(const fs::path& folder, std::uint64_t gate) {
  ConvertOptions options;
  options.per_layer_measurements = gate;
  return convert_folder(folder / "preprocessed_data", folder / "training_data", options);
}

const ConvertOutcome& outcome_of(const std::vector<ConvertOutcome>& outcomes, const std::string& network) {
  return *std::find_if(outcomes.begin(), outcomes.end(),
                       [&](const auto& outcome) { return outcome.network == network; });
}

TEST(ConvertGolden, RawFixturesOfTheReference) {
  const test::TemporaryFolder folder;
  const auto golden = test::data_dir() / "golden" / "upstream_fixture_outputs" / "example_raw_data";
  ASSERT_TRUE(attribute_folder(test::data_dir() / "edgeprofiler" / "example_raw_data",
                               folder.path() / "preprocessed_data", {})
                  .has_value());
  ASSERT_TRUE(convert(folder.path(), 1).has_value());
  EXPECT_EQ(expect_equal_files(golden / "preprocessed_data", folder.path() / "preprocessed_data"), 9U);
  EXPECT_EQ(expect_equal_files(golden / "training_data_gate1", folder.path() / "training_data"), 4U);
  EXPECT_EQ(count_reference_files(folder.path() / "training_data"), 4U);
}

TEST(ConvertGolden, RawFixturesFailTheDefaultGateAndStatisticsAreWrittenAllTheSame) {
  const test::TemporaryFolder folder;
  const auto golden = test::data_dir() / "golden" / "upstream_fixture_outputs" / "example_raw_data";
  ASSERT_TRUE(attribute_folder(test::data_dir() / "edgeprofiler" / "example_raw_data",
                               folder.path() / "preprocessed_data", {})
                  .has_value());
  const auto outcomes = convert(folder.path(), 10);
  ASSERT_TRUE(outcomes.has_value());
  for (const auto& outcome : *outcomes) EXPECT_EQ(outcome.status, ConvertOutcome::Status::kSkipped);
  EXPECT_EQ(expect_equal_files(golden / "preprocessed_data", folder.path() / "preprocessed_data"), 9U);
  EXPECT_EQ(count_reference_files(folder.path() / "training_data"), 0U);
}

TEST(ConvertGolden, PreprocessedFixturesOfTheReferenceAtEachGate) {
  const auto golden = test::data_dir() / "golden" / "upstream_fixture_outputs" / "example_preprocessed_data";
  for (const std::uint64_t gate : {1U, 2U, 3U, 10U}) {
    const test::TemporaryFolder folder;
    for (const std::string network : {"model1", "model2"}) {
      for (const std::string file : {"power_runtime_mapping_layerwise.csv", "trt_engine_info.json"}) {
        const auto from = test::data_dir() / "edgeprofiler" / "example_preprocessed_data" / network / file;
        test::write_text(folder.path() / "preprocessed_data" / network / file, test::file_text(from));
      }
    }
    const auto outcomes = convert(folder.path(), gate);
    ASSERT_TRUE(outcomes.has_value());
    EXPECT_EQ(expect_equal_files(golden / "preprocessed_data", folder.path() / "preprocessed_data"), 4U);
    // Network model1 passes gate 1 alone; model2 passes up to 4, but its engine does not know its layers'
    // names: it has no usable row.
    using Status = ConvertOutcome::Status;
    EXPECT_EQ(outcome_of(*outcomes, "model1").status, gate == 1 ? Status::kDone : Status::kSkipped);
    EXPECT_EQ(outcome_of(*outcomes, "model2").status, Status::kSkipped);
    EXPECT_EQ(count_reference_files(folder.path() / "training_data"), gate == 1 ? 2U : 0U);
    if (gate == 1) {
      EXPECT_EQ(expect_equal_files(golden / "training_data_gate1", folder.path() / "training_data"), 2U);
      const auto& rejects = outcome_of(*outcomes, "model2").rejects;
      EXPECT_TRUE(std::any_of(rejects.begin(), rejects.end(), [](const Reject& reject) {
        return reject.layer_name == "max_pool_layer1" && reject.reason == "not in the engine";
      }));
    }
  }
}

/// Twelve networks of golden/, too large for the repository.
class ConvertLargeGolden : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(golden_)) GTEST_SKIP() << golden_ << " is absent";
    for (const auto& entry : fs::directory_iterator(golden_ / "preprocessed_data")) {
      if (!entry.is_directory()) continue;
      const std::string network = entry.path().filename().string();
      const auto to = folder_.path() / "preprocessed_data" / network;
      test::write_text(to / "power_runtime_mapping_layerwise.csv",
                       test::file_text(entry.path() / "power_runtime_mapping_layerwise.csv.gz"));
      test::write_text(
          to / "trt_engine_info.json",
          test::file_text(golden_ / "raw_data" / network / "trt_profiling" / "trt_engine_info.json"));
    }
  }

  fs::path golden_ = test::shared_dir() / "golden";
  test::TemporaryFolder folder_;
};

TEST_F(ConvertLargeGolden, TrainingDataAndStatisticsAreEqual) {
  const auto outcomes = convert(folder_.path(), 10);
  ASSERT_TRUE(outcomes.has_value());
  EXPECT_EQ(outcomes->size(), 12U);
  EXPECT_EQ(expect_equal_files(golden_ / "preprocessed_data", folder_.path() / "preprocessed_data"), 24U);
  EXPECT_EQ(expect_equal_files(golden_ / "training_data", folder_.path() / "training_data"), 33U);
  EXPECT_EQ(count_reference_files(folder_.path() / "training_data"), 33U);
}

TEST_F(ConvertLargeGolden, NetworkWithTooFewSamplesNamesEachOfItsLayers) {
  const auto outcomes = convert(folder_.path(), 10);
  ASSERT_TRUE(outcomes.has_value());
  const auto& small = outcome_of(*outcomes, "googlenet_small");
  EXPECT_EQ(small.status, ConvertOutcome::Status::kSkipped);
  EXPECT_EQ(small.rejects.size(), 22U);
}

TEST_F(ConvertLargeGolden, GateOfTwentyLetsOneNetworkPass) {
  const auto outcomes = convert(folder_.path(), 20);
  ASSERT_TRUE(outcomes.has_value());
  for (const auto& outcome : *outcomes) {
    EXPECT_EQ(outcome.status == ConvertOutcome::Status::kDone, outcome.network == "alexnet")
        << outcome.network;
  }
  EXPECT_EQ(
      expect_equal_files(golden_ / "training_data" / "alexnet", folder_.path() / "training_data" / "alexnet"),
      3U);
  EXPECT_EQ(count_reference_files(folder_.path() / "training_data"), 3U);
}

}  // namespace
}  // namespace joulecast
