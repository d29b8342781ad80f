#include <cmath>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "joulecast/raw_logs.h"
#include "raw_logs/small_json.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

/// A folder for one test's files, removed afterwards.
class SmallFiles : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path write(const std::string& name, std::string_view text) const {
    EXPECT_TRUE(write_file_atomically(folder_ / name, text));
    return folder_ / name;
  }

 private:
  test::TemporaryFolder temporary_;
  std::filesystem::path folder_ = temporary_.path();
};
using IdlePowerFile = SmallFiles;
using BenchmarkFile = SmallFiles;
using ProfileFile = SmallFiles;

TEST_F(IdlePowerFile, IsReadInMicrowatts) {
  const auto idle = read_idle_power(
      write("i.json", R"({"timestamp": "20241121-051743", "avg_idle_power": 4234560.155322008})"));
  ASSERT_TRUE(idle);
  EXPECT_EQ(idle->average.value, 4234560.155322008);
  EXPECT_EQ(idle->timestamp, "20241121-051743");
  EXPECT_TRUE(idle->warnings.empty());
}

TEST_F(IdlePowerFile, TakesANumberAsText) {
  EXPECT_EQ(read_idle_power(write("i.json", R"({"avg_idle_power": " 4_000_000.5 "})"))->average.value,
            4000000.5);
}

TEST_F(IdlePowerFile, WarnsOfDoubtfulValues) {
  const auto warning = [&](const std::string& value) {
    const auto idle = read_idle_power(write("i.json", "{\"avg_idle_power\":\n" + value + "}"));
    if (!idle || idle->warnings.size() != 1) return std::string("not one warning");
    EXPECT_EQ(idle->warnings[0].location.line, 2U);
    return idle->warnings[0].message;
  };
  EXPECT_EQ(warning("NaN"), "the idle power is NaN or infinite");
  EXPECT_EQ(warning("0"), "the idle power is 0");
  EXPECT_EQ(warning("-4e6"), "the idle power is negative");
  EXPECT_EQ(warning("4234.5"),
            "the idle power is only 4234.5 microwatt: is it in milliwatts or watts by mistake?");
  EXPECT_EQ(warning("1e13"), "the idle power is above a kilowatt: it must be in microwatt");
}

TEST_F(IdlePowerFile, IsRefusedWithoutANumber) {
  const auto error = [&](std::string_view text) { return read_idle_power(write("i.json", text)).error(); };
  EXPECT_EQ(error("{}").message, "there is no avg_idle_power");
  EXPECT_EQ(error("[]").message, "there is no avg_idle_power");
  EXPECT_EQ(error("{\"avg_idle_power\": null}").message, "avg_idle_power is not a number");
  EXPECT_EQ(error("{\"avg_idle_power\": true}").message, "avg_idle_power is not a number");
  EXPECT_EQ(error("{\"avg_idle_power\": \"4W\"}").message, "avg_idle_power is not a number");
  EXPECT_EQ(error("").message, "the file is empty");
  EXPECT_EQ(error("{\"avg_idle_power\": 4").location.byte, 20U);
  EXPECT_EQ(error("{").kind, ErrorKind::kMalformed);
  for (const auto text : {"{}", "{\"avg_idle_power\": 4", "", "\xff"})
    EXPECT_FALSE(error(text).hint.empty()) << text;
}

TEST_F(BenchmarkFile, GivesItsSettingsAndLatencies) {
  const auto summary =
      read_benchmark_summary(write("b.json", R"({"config": {"model": "alexnet", "dtype": "float16",
    "input_shape": [1, 3, 224, 224]}, "latencies": [0.5, 1], "avg_latency": 0.75})"));
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->model, "alexnet");
  EXPECT_EQ(summary->data_type, "float16");
  EXPECT_EQ(summary->input_shape, (std::vector<std::int64_t>{1, 3, 224, 224}));
  EXPECT_EQ(summary->latencies_s, (std::vector<double>{0.5, 1.0}));
  EXPECT_EQ(summary->average_latency_s, 0.75);
}

TEST_F(BenchmarkFile, MayLackEveryPart) {
  const auto summary = read_benchmark_summary(write("b.json", R"({"config": null, "latencies": "none"})"));
  ASSERT_TRUE(summary);
  EXPECT_TRUE(summary->model.empty());
  EXPECT_TRUE(summary->latencies_s.empty());
  EXPECT_FALSE(summary->average_latency_s);
  EXPECT_EQ(read_benchmark_summary(write("list.json", "[]")).error().kind, ErrorKind::kMalformed);
}

TEST_F(ProfileFile, GivesMeanAndMedianOfEachLayer) {
  const auto profile = read_trtexec_profile(write("p.json", R"([
  { "count" : 14590 }
, { "name" : "conv", "timeMs" : 355.08, "averageMs" : 0.0243372, "medianMs" : 0.024576, "percentage" : 4.643 }
, { "name" : "count", "timeMs" : 76.4995, "averageMs" : 0.00524328, "percentage" : 1.0 }
]
)"));
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->cycles, 14590U);
  ASSERT_EQ(profile->layers.size(), 2U);
  EXPECT_EQ(profile->layers[0].name, "conv");
  EXPECT_EQ(profile->layers[0].average_ms, 0.0243372);
  EXPECT_EQ(profile->layers[0].median_ms, 0.024576);
  EXPECT_TRUE(std::isnan(profile->layers[1].median_ms));
}

TEST_F(ProfileFile, IsRefusedWithThePlace) {
  const auto error = [&](std::string_view text) {
    return read_trtexec_profile(write("p.json", text)).error();
  };
  EXPECT_EQ(error("{}").message, "not a trtexec profile: it is no list");
  EXPECT_EQ(error("[]").kind, ErrorKind::kUnfit);
  EXPECT_EQ(error("[{\"count\": 0}]").message, "count is not a number of inferences");
  EXPECT_EQ(error("[\n{\"averageMs\": 1.0}]").message, "a layer without name");
  EXPECT_EQ(error("[\n{\"averageMs\": 1.0}]").location.line, 2U);
  EXPECT_EQ(error("[{\"name\": \"a\"}]").message, "a layer without averageMs");
  EXPECT_EQ(error("[{\"name\": \"a\", \"averageMs\": -1}]").message, "averageMs is negative or no number");
  EXPECT_EQ(error("[{\"name\": \"a\", \"averageMs\": NaN}]").message, "averageMs is negative or no number");
}

TEST(SmallJson, ReadsEveryKindOfValue) {
  const auto value = json::parse(
      " {\"a\": [1, -2.5e0, \"t\\n\", true, false, null, {}, []], \"b\": 1, \"b\": NaN} ", "x.json", "");
  ASSERT_TRUE(value) << value.error().describe();
  const json::Value* list = value->find("a");
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->items.size(), 8U);
  EXPECT_EQ(list->items[1].number.value, -2.5);
  EXPECT_EQ(list->items[2].text, "t\n");
  EXPECT_TRUE(list->items[5].is(json::Value::Kind::kNull));
  EXPECT_TRUE(std::isnan(value->find("b")->number.value));  // the last one
  EXPECT_EQ(value->find("c"), nullptr);
}

TEST(SmallJson, RefusesWhatPythonRefuses) {
  for (const char* text :
       {"",     " ",          "[1,]",    "{\"a\":1,}", "[1 2]", "{\"a\" 1}", "{a: 1}",         "tru",
        "nul",  "[1",         "{\"a\"",  "{\"a\":",    "[,]",   "1 2",       "\xef\xbb\xbf{}", "'a'",
        "[01]", "[\"\xff\"]", "/* */ 1", "}",          "\"a"})
    EXPECT_FALSE(json::parse(text, "x.json", "")) << text;
}

TEST(SmallJson, RefusesDeepNestingInsteadOfOverflowing) {
  EXPECT_TRUE(json::parse(std::string(200, '[') + std::string(200, ']'), "x.json", ""));
  const auto deep = json::parse(std::string(100'000, '['), "x.json", "");
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().message, "nested too deeply");
}

}  // namespace
}  // namespace joulecast
