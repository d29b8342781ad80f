#include <cmath>

#include <gtest/gtest.h>

#include "joulecast/cost_model.h"
#include "support/small_model.h"

namespace joulecast {
namespace {

using test::small_model;

TEST(LassoModel, PredictsByItsFormula) {
  const LassoModel model = small_model(ReferenceKind::kDense, Target::kPower);
  const std::vector<double> row = {3, 5, 7};  // batch, input, output
  EXPECT_DOUBLE_EQ(model.predict(row), 2.0 + 0.5 * (3.0 - 1.0) / 2.0 + 3.0 * (3.0 * 5.0 - 10.0) / 4.0);
}

TEST(CompiledLasso, GivesTheSameAsTheModel) {
  for (const ReferenceKind kind : kReferenceKinds) {
    const LassoModel model = small_model(kind, Target::kPower);
    std::vector<double> row(model.features.size(), 3.0);
    EXPECT_DOUBLE_EQ(CompiledLasso(model).predict(row), model.predict(row));
  }
}

TEST(CompiledLasso, LogsPolynomialFactorsOnly) {
  LassoModel model = small_model(ReferenceKind::kConvolutional, Target::kPower);
  model.recipe.log_scale = true;
  model.terms = {{1, 2.0, 0.5, 1.0}, {560, 1e-3, 0.0, 1.0}};  // log1p(batch), total_conv_ops_per_input
  std::vector<double> row(13, 2.0);
  const double expected = 2.0 + 2.0 * (std::log1p(2.0) - 0.5) + 1e-3 * 64.0;
  EXPECT_DOUBLE_EQ(model.predict(row), expected);
  EXPECT_DOUBLE_EQ(CompiledLasso(model).predict(row), expected);
}

TEST(CompiledLasso, TakesLogarithmsAsTheCLibraryDoes) {
  LassoModel model = small_model(ReferenceKind::kDense, Target::kPower);
  model.recipe.log_scale = true;
  model.terms = {{1, 1.0, 0.0, 1.0}};
  model.intercept = 0.0;
  const CompiledLasso compiled(model);
  // Not at compile time: the compiler's logarithm differs in last digits.
  double (*volatile at_run_time)(double) = std::log1p;
  const auto expect_same = [&](double x) {
    EXPECT_EQ(compiled.predict(std::vector<double>{x, 1.0, 1.0}), at_run_time(x)) << x;
  };
  for (int i = 0; i < 5'000; ++i) {
    expect_same(i);
    expect_same(i + 0.5);
  }
  for (const double x : {-0.5, -1e-300, 1e-300, 1e9, 4294967296.0, 1e300}) expect_same(x);
}

TEST(CompiledLasso, KeepsDigitsWhereAColumnHardlyVaries) {
  // (z - 1e9) / 1e-3: folded, the difference of two numbers of 1e12 would keep no digit of the answer.
  LassoModel model = small_model(ReferenceKind::kDense, Target::kPower);
  model.terms = {{1, 1e-3, 1e9, 1e-3}};
  model.intercept = 0.0;
  const std::vector<double> row = {1e9 + 0.5, 1, 1};
  EXPECT_EQ(CompiledLasso(model).predict(row), 0.5);
}

TEST(CompiledLasso, PredictsManyRowsAsItDoesOne) {
  LassoModel model = small_model(ReferenceKind::kConvolutional, Target::kPower);
  model.recipe.log_scale = true;
  model.terms.push_back({560, 1e-3, 4.0, 2.0});
  model.terms.push_back({561, 1e-3, 4e9, 2.0});
  const CompiledLasso compiled(model);
  constexpr std::size_t kRows = 131;  // two full blocks and a part of one
  Matrix rows(kRows, 13);
  for (std::size_t i = 0; i < rows.data.size(); ++i) rows.data[i] = static_cast<double>(i * 7 % 23) + 1.0;
  std::vector<double> out(kRows);
  compiled.predict(rows.view(), out);
  for (std::size_t i = 0; i < kRows; ++i) {
    std::vector<double> row;
    for (std::size_t j = 0; j < 13; ++j) row.push_back(rows(i, j));
    EXPECT_NEAR(out[i], compiled.predict(row), 1e-12 * std::abs(out[i])) << i;
  }
}

TEST(CompiledLasso, OfAConstantModelIsItsIntercept) {
  LassoModel model = small_model(ReferenceKind::kDense, Target::kRunTime);
  model.terms.clear();
  EXPECT_EQ(CompiledLasso(model).predict(std::vector<double>{1, 2, 3}), 2.0);
}

TEST(CompiledLasso, ExtrapolatesOutsideTheRangeOfAnyFeature) {
  const CompiledLasso compiled(small_model(ReferenceKind::kDense, Target::kPower));
  EXPECT_FALSE(compiled.extrapolates(std::vector<double>{1, 100, 50}));
  EXPECT_TRUE(compiled.extrapolates(std::vector<double>{1, 100.5, 50}));
  EXPECT_TRUE(compiled.extrapolates(std::vector<double>{0.5, 100, 50}));
}

}  // namespace
}  // namespace joulecast
