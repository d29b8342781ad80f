// Pickles of the reference's pipelines by scikit-learn 1.5.2 and 1.9.1: coefficients exactly, predictions to
// 1e-9.
#include <iostream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "joulecast/sklearn_import.h"
#include "support/golden_fit.h"

namespace joulecast {
namespace {

using namespace test;

struct GoldenPickle {
  std::string version, name;
  ReferenceKind kind;
  Target target;
};

class GoldenPickles : public ::testing::TestWithParam<GoldenPickle> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(golden_folder() / "pickles"))
      GTEST_SKIP() << "golden files are not on this machine";
  }
};

TEST_P(GoldenPickles, PredictAsScikitLearn) {
  const auto& [version, name, kind, target] = GetParam();
  const auto folder = golden_folder() / "pickles" / ("sklearn_" + version);
  std::ifstream file(folder / (name + ".json"));
  const auto golden = nlohmann::json::parse(file);
  const auto imported = import_sklearn(folder / (name + ".pkl"), {kind, target});
  ASSERT_TRUE(imported) << imported.error().describe();
  const LassoModel& model = imported->model;
  EXPECT_EQ(model.alpha, golden["alpha"].get<double>());
  EXPECT_EQ(model.intercept, golden["intercept"].get<double>());
  EXPECT_EQ(model.iterations, golden["n_iter"].get<std::size_t>());
  EXPECT_EQ(column_names(model.features, model.recipe).size(), golden["n_columns"].get<std::size_t>());
  std::vector<double> coefficients(golden["coef"].size());
  for (const LassoTerm& term : model.terms) coefficients[term.column] = term.coefficient;
  EXPECT_EQ(coefficients, golden["coef"].get<std::vector<double>>());
  std::vector<double> slow;
  std::vector<double> fast;
  const CompiledLasso compiled(model);
  for (const auto& values : golden["X"]) {
    const std::vector<double> row = values;
    slow.push_back(model.predict(row));
    fast.push_back(compiled.predict(row));
  }
  const std::vector<double> expected = golden["prediction"];
  const double worst = std::max(largest_difference(slow, expected), largest_difference(fast, expected));
  EXPECT_LE(worst, 1e-9);
  std::cout << fmt::format("scikit-learn {} {:34} {:3} terms, predictions {:.1e}\n", version, name,
                           model.terms.size(), worst);
}

TEST(GoldenMlflowFolders, AreReadAsTheirPickles) {
  if (!std::filesystem::exists(golden_folder() / "pickles"))
    GTEST_SKIP() << "golden files are not on this machine";
  for (const char* version : {"1.5.2", "1.9.1"}) {
    const auto folder = golden_folder() / "pickles" / (std::string("sklearn_") + version);
    const SklearnTarget what{ReferenceKind::kDense, Target::kPower};
    const auto alone = import_sklearn(folder / "dense_power.pkl", what);
    const auto logged = import_sklearn(folder / "mlflow_model_dense_power", what);
    ASSERT_TRUE(alone) << alone.error().describe();
    ASSERT_TRUE(logged) << logged.error().describe();
    EXPECT_EQ(logged->model.terms, alone->model.terms);
    EXPECT_EQ(logged->model.origin->run_id.size(), 32U);
  }
}

std::vector<GoldenPickle> all_pickles() {
  std::vector<GoldenPickle> all;
  for (const char* version : {"1.5.2", "1.9.1"}) {
    all.push_back(
        {version, "conv_power_log_robust_nospecial", ReferenceKind::kConvolutional, Target::kPower});
    all.push_back(
        {version, "conv_runtime_special_ownclosure", ReferenceKind::kConvolutional, Target::kRunTime});
    all.push_back({version, "dense_power", ReferenceKind::kDense, Target::kPower});
    all.push_back({version, "pooling_runtime_minmax_nospecial", ReferenceKind::kPooling, Target::kRunTime});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Pickles, GoldenPickles, ::testing::ValuesIn(all_pickles()), [](const auto& one) {
  std::string name = one.param.name + "_" + one.param.version;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

}  // namespace
}  // namespace joulecast
