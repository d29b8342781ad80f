#include <gtest/gtest.h>

#include <vector>

#include "joulecast/numerics.h"

namespace joulecast {
namespace {

TEST(ContiguousFolds, TheFirstFoldsTakeTheRemainder) {
  const auto folds = contiguous_folds(7, 3);
  ASSERT_TRUE(folds.has_value());
  EXPECT_EQ(*folds, (std::vector<Fold>{{0, 1, 2}, {3, 4}, {5, 6}}));
}

TEST(ContiguousFolds, RefusesMoreFoldsThanRows) {
  const auto folds = contiguous_folds(3, 4);
  ASSERT_FALSE(folds.has_value());
  EXPECT_EQ(folds.error().kind, ErrorKind::kUnfit);
}

TEST(ContiguousFolds, RefusesASingleFold) {
  const auto folds = contiguous_folds(3, 1);
  ASSERT_FALSE(folds.has_value());
  EXPECT_EQ(folds.error().kind, ErrorKind::kUsage);
}

TEST(GroupedFolds, KeepGroupsWholeAndFillTheEmptiestFold) {
  // Groups 5 (rows 0 1 4), 9 (2 3), 2 (5), 7 (6): 5 -> fold 0, 9 -> fold 1, 2 -> fold 1 (3 rows each), 7 ->
  // fold 0.
  const std::vector<std::size_t> group{5, 5, 9, 9, 5, 2, 7};
  const auto folds = grouped_folds(group, 2);
  ASSERT_TRUE(folds.has_value());
  EXPECT_EQ(*folds, (std::vector<Fold>{{0, 1, 4, 6}, {2, 3, 5}}));
}

TEST(GroupedFolds, RefusesMoreFoldsThanGroups) {
  const std::vector<std::size_t> group{1, 1, 1};
  const auto folds = grouped_folds(group, 2);
  ASSERT_FALSE(folds.has_value());
  EXPECT_EQ(folds.error().kind, ErrorKind::kUnfit);
}

}  // namespace
}  // namespace joulecast
