#include <cmath>

#include <gtest/gtest.h>

#include "joulecast/cost_model.h"

namespace joulecast {
namespace {

const std::vector<std::string> kFeatures = {"a", "b"};

LassoRecipe recipe_of(int degree, bool log_scale = false, std::vector<std::vector<std::string>> terms = {}) {
  LassoRecipe recipe;
  recipe.degree = degree;
  recipe.log_scale = log_scale;
  recipe.special_terms = std::move(terms);
  return recipe;
}

std::vector<double> expand_row(double a, double b, const LassoRecipe& recipe) {
  const std::vector<double> data = {a, b};
  return expand_features({data, 1, 2}, kFeatures, recipe).value().data;
}

TEST(PolynomialColumns, StandInScikitLearnsOrder) {
  const std::vector<std::string> expected = {"1",   "a",     "b",     "a*a",   "a*b",
                                             "b*b", "a*a*a", "a*a*b", "a*b*b", "b*b*b"};
  EXPECT_EQ(column_names(kFeatures, recipe_of(3)), expected);
}

TEST(PolynomialColumns, CountIsBinomial) {
  EXPECT_EQ(polynomial_columns(13, recipe_of(3)).size(), 560U);
  EXPECT_EQ(polynomial_columns(11, recipe_of(3)).size(), 364U);
  EXPECT_EQ(polynomial_columns(3, recipe_of(3)).size(), 20U);
  EXPECT_EQ(polynomial_columns(1, recipe_of(4)).size(), 5U);
}

/// By definition: all ascending lists of a degree, in lexicographic order, strictly ascending if asked for.
std::vector<std::vector<std::uint32_t>> lists_by_counting(std::uint32_t features, std::size_t size,
                                                          bool strict) {
  std::vector<std::vector<std::uint32_t>> lists;
  std::size_t all = 1;
  for (std::size_t i = 0; i < size; ++i) all *= features;
  for (std::size_t code = 0; code < all; ++code) {
    std::vector<std::uint32_t> list(size);
    std::size_t rest = code;
    for (std::size_t i = size; i-- > 0; rest /= features)
      list[i] = static_cast<std::uint32_t>(rest % features);
    bool ascends = true;
    for (std::size_t i = 1; i < size; ++i)
      ascends = ascends && (strict ? list[i] > list[i - 1] : list[i] >= list[i - 1]);
    if (ascends) lists.push_back(std::move(list));
  }
  return lists;
}

TEST(PolynomialColumns, OfEveryShapeAreThoseOfTheDefinition) {
  for (std::uint32_t features = 1; features <= 5; ++features) {
    for (int most = 1; most <= 5; ++most) {
      for (int least = 1; least <= most; ++least) {
        for (const bool strict : {false, true}) {
          for (const bool bias : {false, true}) {
            LassoRecipe recipe = recipe_of(most);
            recipe.least_degree = least;
            recipe.interaction_only = strict;
            recipe.bias = bias;
            std::vector<std::vector<std::uint32_t>> expected;
            if (bias) expected.emplace_back();
            for (int degree = least; degree <= most; ++degree)
              for (auto& list : lists_by_counting(features, static_cast<std::size_t>(degree), strict))
                expected.push_back(std::move(list));
            EXPECT_EQ(polynomial_columns(features, recipe), expected)
                << features << " " << least << " " << most;
          }
        }
      }
    }
  }
}

TEST(ExpandFeatures, MultipliesFactorsAndAppendsSpecialTerms) {
  const std::vector<double> expected = {1, 2, 5, 4, 10, 25, 50};
  EXPECT_EQ(expand_row(2, 5, recipe_of(2, false, {{"b", "a", "b"}})), expected);
}

TEST(ExpandFeatures, LogsThePolynomialButNotTheSpecialTerms) {
  const auto row = expand_row(0.0, std::expm1(2.0), recipe_of(1, true, {{"b", "b"}}));
  ASSERT_EQ(row.size(), 4U);
  EXPECT_EQ(row[0], 1.0);
  EXPECT_EQ(row[1], 0.0);
  EXPECT_DOUBLE_EQ(row[2], 2.0);
  EXPECT_DOUBLE_EQ(row[3], std::expm1(2.0) * std::expm1(2.0));
}

TEST(ExpandFeatures, RefusesASpecialTermOfAnUnknownFeature) {
  const std::vector<double> data = {1, 2};
  const auto result = expand_features({data, 1, 2}, kFeatures, recipe_of(2, false, {{"a", "c"}}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUsage);
  EXPECT_EQ(result.error().message, "special term names no feature: c");
  EXPECT_EQ(result.error().hint, "Features are a, b");
}

TEST(ExpandFeatures, RefusesDegreesOutsideOneToSix) {
  const std::vector<double> data = {1, 2};
  for (const int degree : {-1, 0, 7})
    EXPECT_FALSE(expand_features({data, 1, 2}, kFeatures, recipe_of(degree)));
}

TEST(ExpandFeatures, RefusesRowsOfAnotherWidth) {
  const std::vector<double> data = {1, 2, 3};
  EXPECT_FALSE(expand_features({data, 1, 3}, kFeatures, recipe_of(1)));
}

TEST(ReferenceRecipe, FollowsTheReferencesTable) {
  using enum ReferenceKind;
  for (const ReferenceKind kind : kReferenceKinds) {
    for (const Target target : kTargets) {
      const LassoRecipe recipe = reference_recipe(kind, target);
      EXPECT_EQ(recipe.degree, 3);
      EXPECT_EQ(recipe.folds, 10U);
      EXPECT_EQ(recipe.lasso.alphas, 500U);
      EXPECT_EQ(recipe.log_scale, kind == kConvolutional && target == Target::kPower);
      EXPECT_EQ(recipe.lasso.positive, !(kind == kPooling && target == Target::kRunTime));
      EXPECT_EQ(recipe.scaler,
                kind == kPooling && target == Target::kPower ? Scaler::kRobust : Scaler::kStandard);
      EXPECT_EQ(recipe.special_terms.size(), kind == kConvolutional ? 2U : kind == kPooling ? 3U : 0U);
    }
  }
}

TEST(NamedSpecialTerm, BelongsToItsKind) {
  const std::vector<std::string> per_input = {"input_size_0", "input_size_1", "input_size_2",
                                              "kernel_0",     "kernel_1",     "output_size_2"};
  EXPECT_EQ(named_special_term(ReferenceKind::kConvolutional, "total_conv_ops_per_input"), per_input);
  EXPECT_FALSE(named_special_term(ReferenceKind::kPooling, "total_conv_ops_per_input"));
  EXPECT_FALSE(named_special_term(ReferenceKind::kDense, "total_pooling_no_ops"));
}

}  // namespace
}  // namespace joulecast
