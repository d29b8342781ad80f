// The reference's fits, made by scikit-learn 1.5.2 (tests/data/lasso_fits, and all of them where the shared
// folder is at hand): at its own stopping rule, and converged to a gap of 1e-10.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "joulecast/numerics.h"
#include "support/golden_problem.h"
#include "support/optimality.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;
using test::GoldenProblem;
using test::read_golden_problem;

struct Place {
  fs::path fits;
  fs::path training_data;
};

const Place kOurs{fs::path(JOULECAST_SOURCE_DIR) / "tests/data/lasso_fits",
                  fs::path(JOULECAST_SOURCE_DIR) / "tests/data/lasso_fits/training_data"};

Place shared_place(const std::string& set) {
  const fs::path golden = fs::path(JOULECAST_SHARED_DIR) / "golden";
  return {golden / "fits" / set, golden / (set == "large" ? "training_data_large" : "training_data")};
}

double largest_relative_difference(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) return INFINITY;
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::fabs(a[i] - b[i]) / std::fabs(b[i]));
  return largest;
}

double prediction_difference(const GoldenProblem& golden, const LassoFit& fit) {
  const auto predicted = [&fit](const Matrix& x) {
    std::vector<double> out(x.rows, fit.intercept);
    for (std::size_t j = 0; j < x.columns; ++j) {
      for (std::size_t i = 0; i < x.rows; ++i) out[i] += fit.coefficients[j] * x(i, j);
    }
    return out;
  };
  double largest = largest_relative_difference(predicted(golden.x), golden.train_prediction);
  for (std::size_t t = 0; t < golden.test_x.size(); ++t) {
    largest = std::max(largest,
                       largest_relative_difference(predicted(golden.test_x[t]), golden.test_prediction[t]));
  }
  return largest;
}

LassoCv cross_validated(const GoldenProblem& golden, LassoMode mode) {
  LassoOptions options;
  options.positive = golden.positive;
  options.mode = mode;
  const auto folds = contiguous_folds(golden.y.size(), 10);
  return *lasso_cv(golden.x.view(), golden.y, *folds, options);
}

void expect_compat(const Place& place, const std::string& model) {
  const GoldenProblem golden =
      read_golden_problem(place.fits / (model + "_compat.json"), place.training_data);
  const LassoCv cv = cross_validated(golden, LassoMode::kCompat);
  EXPECT_LE(largest_relative_difference(cv.alphas, golden.alphas), 1e-12);
  EXPECT_LE(largest_relative_difference(cv.mean_mse, golden.mean_mse), 1e-9);
  EXPECT_EQ(cv.alpha_index, golden.alpha_index);
  EXPECT_EQ(cv.fit.iterations, golden.iterations);
  EXPECT_NEAR(cv.fit.duality_gap, golden.duality_gap, 1e-9 * golden.duality_gap + 1e-15);
  EXPECT_LE(prediction_difference(golden, cv.fit), 1e-9);
  EXPECT_EQ(cv.unconverged_fits, 0U);
}

void expect_converged(const Place& place, const std::string& model) {
  const GoldenProblem golden =
      read_golden_problem(place.fits / (model + "_converged.json"), place.training_data);
  const LassoCv cv = cross_validated(golden, LassoMode::kConverged);
  EXPECT_LE(largest_relative_difference(cv.alphas, golden.alphas), 1e-12);
  EXPECT_LE(largest_relative_difference(cv.mean_mse, golden.mean_mse), 1e-6);
  EXPECT_EQ(cv.alpha_index, golden.alpha_index);
  EXPECT_LE(prediction_difference(golden, cv.fit), 1e-6);
  EXPECT_EQ(cv.unconverged_fits, 0U);
  EXPECT_LE(test::lasso_kkt_breach(golden.x.view(), golden.y, cv.fit, golden.positive), 1e-10);
}

/// The signed, ill-conditioned model that coordinate descent does not converge on in minutes: judged by the
/// optimality conditions all along the path, as there is no stored answer.
void expect_pooling_runtime_converges(const Place& place) {
  const GoldenProblem golden =
      read_golden_problem(place.fits / "pooling_runtime_compat.json", place.training_data);
  const LassoCv cv = cross_validated(golden, LassoMode::kConverged);
  EXPECT_EQ(cv.unconverged_fits, 0U);
  EXPECT_TRUE(cv.fit.converged);
  const auto path = lasso_path(golden.x.view(), golden.y, golden.alphas, {});
  ASSERT_TRUE(path.has_value());
  for (const LassoFit& fit : *path) {
    EXPECT_TRUE(fit.converged) << fit.alpha;
    EXPECT_LE(test::lasso_kkt_breach(golden.x.view(), golden.y, fit, false), 1e-10) << fit.alpha;
  }
}

class LassoGolden : public testing::TestWithParam<std::string> {};

TEST_P(LassoGolden, CompatEqualsTheReference) {
  expect_compat(kOurs, GetParam());
}

TEST_P(LassoGolden, ConvergedEqualsTheReference) {
  if (GetParam() == "pooling_runtime") {
    expect_pooling_runtime_converges(kOurs);
  } else {
    expect_converged(kOurs, GetParam());
  }
}

INSTANTIATE_TEST_SUITE_P(Ours, LassoGolden,
                         testing::Values("dense_power", "pooling_power", "pooling_runtime"),
                         [](const auto& instance) { return instance.param; });

struct SharedModel {
  std::string set;
  std::string model;
};

class SharedLassoGolden : public testing::TestWithParam<SharedModel> {
 protected:
  void SetUp() override {
    if (!fs::exists(shared_place(GetParam().set).fits)) {
      GTEST_SKIP() << "the shared folder is not here: " << shared_place(GetParam().set).fits;
    }
  }
};

TEST_P(SharedLassoGolden, CompatEqualsTheReference) {
  expect_compat(shared_place(GetParam().set), GetParam().model);
}

TEST_P(SharedLassoGolden, ConvergedEqualsTheReference) {
  if (GetParam().model == "pooling_runtime") {
    expect_pooling_runtime_converges(shared_place(GetParam().set));
  } else {
    expect_converged(shared_place(GetParam().set), GetParam().model);
  }
}

std::vector<SharedModel> all_models() {
  std::vector<SharedModel> out;
  for (const char* set : {"large", "from_raw"}) {
    for (const char* layer : {"convolutional", "pooling", "dense"}) {
      for (const char* target : {"power", "runtime"}) out.push_back({set, std::string(layer) + "_" + target});
    }
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Shared, SharedLassoGolden, testing::ValuesIn(all_models()),
                         [](const auto& instance) {
                           return instance.param.set + "_" + instance.param.model;
                         });

}  // namespace
}  // namespace joulecast
