// inference.py on three engines with the golden coefficients: rows, figures and the printed totals.
#include <iostream>
#include <regex>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/csv.h"
#include "joulecast/prediction.h"
#include "support/golden_fit.h"

namespace joulecast {
namespace {

using namespace test;

CostModel golden_models() {
  CostModel model;
  for (const ReferenceKind kind : kReferenceKinds)
    for (const Target target : kTargets)
      model.lasso.push_back(model_from_golden(golden_fit("large", kind, target, "compat"), kind, target));
  return model;
}

struct Case {
  std::string name, engine;
};

class GoldenInference : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(golden_folder())) GTEST_SKIP() << "golden files are not on this machine";
    engine_ = std::filesystem::path(JOULECAST_SHARED_DIR) / GetParam().engine;
  }
  std::filesystem::path engine_;
};

std::vector<std::vector<std::string>> records(CsvReader reader) {
  std::vector<std::vector<std::string>> rows;
  for (auto cells = reader.next().value(); !cells.empty(); cells = reader.next().value())
    rows.emplace_back(cells.begin(), cells.end());
  return rows;
}

/// The three numbers of "Total runtime : 0.1 seconds", ...
std::vector<double> printed_totals(const std::string& text) {
  std::vector<double> totals;
  const std::regex number("(?:Total runtime :|Average power consumed :|Total energy spent:) (\\S+)");
  for (std::sregex_iterator at(text.begin(), text.end(), number), end; at != end; ++at)
    totals.push_back(std::stod((*at)[1]));
  return totals;
}

TEST_P(GoldenInference, RowsAndTotalsEqualTheReferences) {
  const auto network = read_engine(engine_);
  ASSERT_TRUE(network) << network.error().describe();
  const CostModel models = golden_models();
  const auto prediction = predict(*network, models, {.compat = true, .rate_hz = {}});
  ASSERT_TRUE(prediction) << prediction.error().describe();

  const auto base = golden_folder() / "inference" / GetParam().name;
  const auto expected = records(CsvReader::open(base.string() + ".csv").value());
  const auto actual = records(CsvReader::from_memory(to_csv(*prediction, true), "ours"));
  ASSERT_EQ(actual.size(), expected.size());
  EXPECT_EQ(actual[0], expected[0]);
  double worst = 0.0;
  for (std::size_t i = 1; i < expected.size(); ++i) {
    ASSERT_EQ(actual[i].size(), 4U);
    EXPECT_EQ(actual[i][2], expected[i][2]);
    EXPECT_EQ(actual[i][3], expected[i][3]);
    for (const std::size_t column : {0U, 1U})
      worst =
          std::max(worst, relative_difference(std::stod(actual[i][column]), std::stod(expected[i][column])));
  }
  std::ifstream printed(base.string() + ".stdout.txt");
  const std::string text((std::istreambuf_iterator<char>(printed)), {});
  const auto totals = printed_totals(text);
  ASSERT_EQ(totals.size(), 3U);
  const double total = largest_difference(printed_totals(compat_summary(*prediction)), totals);
  EXPECT_LE(worst, 1e-9);
  EXPECT_LE(total, 1e-9);
  std::cout << fmt::format("inference {:14} {:3} rows, layers {:.1e}, totals {:.1e}\n", GetParam().name,
                           expected.size() - 1, worst, total);
}

TEST_P(GoldenInference, OtherwiseEveryLayerAppears) {
  const Network network = read_engine(engine_).value();
  const NetworkPrediction prediction = predict(network, golden_models()).value();
  ASSERT_EQ(prediction.layers.size(), network.layers.size());
  for (std::size_t i = 0; i < network.layers.size(); ++i)
    EXPECT_EQ(prediction.layers[i].layer_name, network.layers[i].name);
}

INSTANTIATE_TEST_SUITE_P(
    Engines, GoldenInference,
    ::testing::Values(Case{"orin_resnet18", "data/engines/orin_resnet18/trt_engine_info.json"},
                      Case{"mobilenet_v2", "golden/raw_data/mobilenet_v2/trt_profiling/trt_engine_info.json"},
                      Case{"squeezenet1_0",
                           "golden/raw_data/squeezenet1_0/trt_profiling/trt_engine_info.json"}),
    [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace joulecast
