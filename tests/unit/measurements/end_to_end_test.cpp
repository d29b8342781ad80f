#include <gtest/gtest.h>

#include <fstream>

#include "joulecast/measurements.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

class EndToEnd : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& name, const std::string& text) {
    const auto path = folder_.path() / name;
    std::ofstream(path) << text;
    return path;
  }
  test::TemporaryFolder folder_;
};

TEST_F(EndToEnd, IsTheMedianOfTheBenchmarksLatencies) {
  const auto odd = end_to_end_of_benchmark(file("a.json", R"({"latencies": [0.003, 0.001, 0.002]})"));
  ASSERT_TRUE(odd && *odd);
  EXPECT_EQ((*odd)->runs, 3U);
  EXPECT_DOUBLE_EQ((*odd)->median_ms, 2.0);
  const auto even = end_to_end_of_benchmark(file("b.json", R"({"latencies": [0.004, 0.001]})"));
  ASSERT_TRUE(even && *even);
  EXPECT_DOUBLE_EQ((*even)->median_ms, 2.5);
  const auto average = end_to_end_of_benchmark(file("c.json", R"({"avg_latency": 0.0015})"));
  ASSERT_TRUE(average && *average);
  EXPECT_EQ((*average)->runs, 1U);
  EXPECT_DOUBLE_EQ((*average)->median_ms, 1.5);
  const auto none = end_to_end_of_benchmark(file("d.json", R"({"config": {}})"));
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST_F(EndToEnd, ALatencyThatCannotBeIsRefused) {
  for (const char* text : {R"({"latencies": [0.001, 0]})", R"({"latencies": [-0.001]})",
                           R"({"latencies": [1e999]})", R"({"latencies": [0.001)"}) {
    const auto read = end_to_end_of_benchmark(file("bad.json", text));
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::kMalformed) << text;
  }
  EXPECT_EQ(end_to_end_of_benchmark(folder_.path() / "none.json").error().kind, ErrorKind::kUnreadable);
}

TEST_F(EndToEnd, ComesBackFromItsFile) {
  const auto path = folder_.path() / "end_to_end.csv";
  ASSERT_TRUE(write_end_to_end(path, {20, 1.3415222999999998}));
  const auto read = read_end_to_end(path);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->runs, 20U);
  EXPECT_EQ(read->median_ms, 1.3415222999999998);
}

TEST_F(EndToEnd, ADamagedFileIsRefusedWithItsLine) {
  for (const char* text : {"runs,median_ms\n", "runs,median_ms\nx,1.0\n", "runs,median_ms\n3,-1.0\n",
                           "runs,median_ms\n3,\n", "runs,median_ms\n3,nan\n", "runs\n3\n"}) {
    const auto read = read_end_to_end(file("end_to_end.csv", text));
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::kMalformed) << text;
  }
}

}  // namespace
}  // namespace joulecast
