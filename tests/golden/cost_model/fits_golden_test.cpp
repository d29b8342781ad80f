// The reference's fits (scikit-learn 1.5.2) against ours, on both golden training sets.
#include <array>
#include <iostream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "joulecast/cost_model.h"
#include "support/golden_fit.h"

namespace joulecast {
namespace {

using namespace test;
using Vector = std::vector<double>;

struct Rows {
  Matrix features;
  Vector power_w, run_time_ms;
};

/// Rows of the networks that pass `keep`, in order.
template <class Keep>
Rows rows_of(const TrainingSet& data, ReferenceKind kind, Keep&& keep) {
  std::vector<const ReferenceRow*> rows;
  for (const ReferenceTable& table : data.reference[static_cast<std::size_t>(kind)])
    if (keep(table.network))
      for (const ReferenceRow& row : table.rows) rows.push_back(&row);
  Rows out{Matrix(rows.size(), reference_feature_names(kind).size()), {}, {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows[i]->features.size(); ++j) out.features(i, j) = rows[i]->features[j];
    out.power_w.push_back(rows[i]->power_uw / 1e6);
    out.run_time_ms.push_back(rows[i]->run_time_ms);
  }
  return out;
}

bool is_test_network(const std::string& name) {
  return name == "lenet" || name == "resnet18" || name == "vgg16";
}

Rows training_rows(const TrainingSet& data, ReferenceKind kind) {
  return rows_of(data, kind, [](const std::string& name) { return !is_test_network(name); });
}

class GoldenFits : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(golden_training_data(GetParam())))
      GTEST_SKIP() << "golden files are not on this machine";
    data_ = read_training_set(golden_training_data(GetParam())).value();
  }
  /// Trains all six; the network order is asserted on the way.
  [[nodiscard]] CostModel train(LassoMode mode) const {
    TrainOptions options;
    options.mode = mode;
    return train_lasso(data_, options).value();
  }
  [[nodiscard]] Vector predict_network(const LassoModel& model, const std::string& network) const {
    const Rows rows = rows_of(data_, model.kind, [&](const std::string& name) { return name == network; });
    return predict_rows(model, rows);
  }
  static Vector predict_rows(const LassoModel& model, const Rows& rows) {
    Vector out(rows.power_w.size());
    CompiledLasso(model).predict(rows.features.view(), out);
    return out;
  }
  [[nodiscard]] double prediction_difference(const LassoModel& model, const nlohmann::json& golden) const {
    double worst =
        largest_difference(predict_rows(model, training_rows(data_, model.kind)), golden["train_pred"]);
    for (const auto& [network, expected] : golden["test_pred"].items())
      worst = std::max(worst, largest_difference(predict_network(model, network), expected));
    return worst;
  }
  static std::string name_of(const LassoModel& model) {
    return fmt::format("{}/{}_{}", GetParam(), to_string(model.kind), to_string(model.target));
  }

  TrainingSet data_;
};

double metrics_difference(const LassoModel& model, const nlohmann::json& golden) {
  const Metrics& test = model.test_metrics.value();
  const std::array<std::pair<const char*, double>, 7> pairs = {{
      {"training_root_mean_squared_percentage_error", model.train_metrics->rmspe_percent},
      {"testing_root_mean_squared_percentage_error", test.rmspe_percent},
      {"testing_root_mean_squared_error", test.rmse},
      {"testing_mean_squared_error", test.mse},
      {"testing_r2_score", test.r2},
      {"testing_mean_absolute_error", test.mae},
      {"testing_mean_absolute_percentage_error", test.mape},
  }};
  double worst = 0.0;
  for (const auto& [key, value] : pairs) worst = std::max(worst, relative_difference(value, golden[key]));
  return worst;
}

TEST_P(GoldenFits, ScalersEqualTheReferences) {
  for (const ReferenceKind kind : kReferenceKinds) {
    for (const Target target : kTargets) {
      const auto golden = golden_fit(GetParam(), kind, target, "compat");
      const Rows rows = training_rows(data_, kind);
      const std::vector<std::string> features = golden["features"];
      const LassoRecipe recipe = reference_recipe(kind, target);
      const Matrix matrix = expand_features(rows.features.view(), features, recipe).value();
      ASSERT_EQ(matrix.columns, golden["n_columns"]);
      const FittedScaler scaler = fit_scaler(matrix.view(), recipe.scaler);
      EXPECT_LE(largest_difference(scaler.center, golden["scaler_center"]), 1e-12) << golden["layer"];
      EXPECT_LE(largest_difference(scaler.scale, golden["scaler_scale"]), 1e-12) << golden["layer"];
      const auto names = column_names(features, recipe);
      // The goldens name the special terms in another way.
      const std::size_t polynomial = names.size() - recipe.special_terms.size();
      for (const auto& term : golden["nonzero"]) {
        const std::size_t column = term["column"];
        if (column < polynomial) {
          EXPECT_EQ(names[column], term["term"]);
        }
      }
    }
  }
}

TEST_P(GoldenFits, CompatFitsEqualTheReferences) {
  const CostModel model = train(LassoMode::kCompat);
  ASSERT_EQ(model.lasso.size(), 6U);
  for (const LassoModel& one : model.lasso) {
    const auto golden = golden_fit(GetParam(), one.kind, one.target, "compat");
    const std::string name = name_of(one);
    EXPECT_EQ(one.train_networks, golden["train_order"]) << name;
    EXPECT_EQ(one.test_networks, golden["test_order"]) << name;
    EXPECT_EQ(one.alpha_index, golden["alpha_index"]) << name;
    EXPECT_EQ(one.iterations, golden["n_iter"]) << name;
    const double alphas = largest_difference(one.alphas, golden["alphas"]);
    const double mse = largest_difference(one.mean_mse, golden["cv_mse_mean"]);
    const double predictions = prediction_difference(one, golden);
    const double metrics = metrics_difference(one, golden["metrics"]);
    EXPECT_LE(alphas, 1e-12) << name;
    EXPECT_LE(mse, 1e-9) << name;
    EXPECT_LE(predictions, 1e-9) << name;
    EXPECT_LE(metrics, 1e-9) << name;
    std::cout << fmt::format(
        "compat {:32} alpha_index {:3} n_iter {:4} alphas {:.1e} cv_mse {:.1e} predictions {:.1e} "
        "metrics {:.1e}\n",
        name, one.alpha_index, one.iterations, alphas, mse, predictions, metrics);
  }
}

TEST_P(GoldenFits, ConvergedFitsEqualTheReferencesAndMeetTheirConditions) {
  const CostModel model = train(LassoMode::kConverged);
  ASSERT_EQ(model.lasso.size(), 6U);
  for (const LassoModel& one : model.lasso) {
    const std::string name = name_of(one);
    // The gap is judged afresh on the full matrix, repeated columns and all.
    const Rows rows = training_rows(data_, one.kind);
    const Vector& y = one.target == Target::kPower ? rows.power_w : rows.run_time_ms;
    Matrix matrix = expand_features(rows.features.view(), one.features, one.recipe).value();
    apply_scaler(matrix, fit_scaler(matrix.view(), one.recipe.scaler));
    Vector w(matrix.columns, 0.0);
    for (const LassoTerm& term : one.terms) w[term.column] = term.coefficient;
    double mean = 0.0;
    for (const double value : y) mean += value / static_cast<double>(y.size());
    double squares = 0.0;
    for (const double value : y) squares += (value - mean) * (value - mean);
    const double gap =
        lasso_duality_gap(matrix.view(), y, w, one.intercept, one.alpha, one.recipe.lasso.positive) *
        static_cast<double>(y.size()) / squares;
    EXPECT_LE(gap, 1e-10) << name;
    std::string agreement = "no golden";
    if (const auto golden = golden_fit(GetParam(), one.kind, one.target, "converged"); !golden.is_null()) {
      const double predictions = prediction_difference(one, golden);
      EXPECT_EQ(one.alpha_index, golden["alpha_index"]) << name;
      EXPECT_LE(predictions, 1e-6) << name;
      agreement = fmt::format("predictions {:.1e}", predictions);
    }
    std::cout << fmt::format("converged {:32} alpha_index {:3} terms {:3} gap {:.1e} {}\n", name,
                             one.alpha_index, one.terms.size(), gap, agreement);
  }
}

TEST_P(GoldenFits, PredictionsWithTheGoldenCoefficientsEqualTheReferences) {
  for (const ReferenceKind kind : kReferenceKinds) {
    for (const Target target : kTargets) {
      const auto golden = golden_fit(GetParam(), kind, target, "compat");
      const LassoModel model = model_from_golden(golden, kind, target);
      EXPECT_LE(prediction_difference(model, golden), 1e-12) << name_of(model);
      // Folding center and scale into the coefficients must not cost more than rounding.
      const Rows rows = training_rows(data_, kind);
      const Vector folded = predict_rows(model, rows);
      for (std::size_t i = 0; i < folded.size(); ++i) {
        Vector row;
        for (std::size_t j = 0; j < rows.features.columns; ++j) row.push_back(rows.features(i, j));
        EXPECT_LE(relative_difference(CompiledLasso(model).predict(row), model.predict(row)), 1e-12);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sets, GoldenFits, ::testing::Values("large", "from_raw"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace joulecast
