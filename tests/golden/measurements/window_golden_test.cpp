// `attribute --method window` on the reference's fixtures and on twelve larger networks, byte for byte.
#include <gtest/gtest.h>

#include "joulecast/measurements.h"
#include "support/golden_files.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;
constexpr const char* kCsv = "power_runtime_mapping_layerwise.csv";
constexpr const char* kEngineFile = "trt_engine_info.json";

TEST(WindowGolden, FixturesOfTheReference) {
  const test::TemporaryFolder folder;
  const auto raw = test::data_dir() / "edgeprofiler" / "example_raw_data";
  const auto golden =
      test::data_dir() / "golden" / "upstream_fixture_outputs" / "example_raw_data" / "preprocessed_data";
  const auto outcomes = attribute_folder(raw, folder.path(), {});
  ASSERT_TRUE(outcomes.has_value());
  ASSERT_EQ(outcomes->size(), 3U);
  for (const auto& outcome : *outcomes) {
    EXPECT_EQ(outcome.status, AttributionOutcome::Status::kDone);
    EXPECT_EQ(test::file_text(folder.path() / outcome.network / kCsv),
              test::file_text(golden / outcome.network / kCsv));
    EXPECT_EQ(test::file_text(folder.path() / outcome.network / kEngineFile),
              test::file_text(raw / outcome.network / "trt_profiling" / kEngineFile));
  }
}

TEST(WindowGolden, TwelveNetworks) {
  const auto golden = test::shared_dir() / "golden";
  if (!fs::exists(golden)) GTEST_SKIP() << golden << " is absent";
  const test::TemporaryFolder folder;
  const auto outcomes = attribute_folder(golden / "raw_data", folder.path(), {});
  ASSERT_TRUE(outcomes.has_value());
  ASSERT_EQ(outcomes->size(), 12U);
  for (const auto& outcome : *outcomes) {
    EXPECT_EQ(outcome.status, AttributionOutcome::Status::kDone);
    const auto expected = golden / "preprocessed_data" / outcome.network / (std::string(kCsv) + ".gz");
    EXPECT_TRUE(test::file_text(folder.path() / outcome.network / kCsv) == test::file_text(expected))
        << outcome.network;
    EXPECT_TRUE(test::file_text(folder.path() / outcome.network / kEngineFile) ==
                test::file_text(golden / "raw_data" / outcome.network / "trt_profiling" / kEngineFile))
        << outcome.network;
  }
}

}  // namespace
}  // namespace joulecast
