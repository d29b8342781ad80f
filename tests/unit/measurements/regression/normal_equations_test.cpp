#include "measurements/regression/normal_equations.h"

#include <gtest/gtest.h>

#include <random>

namespace joulecast::regression {
namespace {

/// Rows of runs of columns, some columns far from them, at random places of the inference.
WhiteRows random_rows(std::size_t rows, std::size_t columns, std::mt19937_64& random) {
  const auto upto = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::normal_distribution<double> normal;
  WhiteRows out;
  out.columns = columns;
  out.begin.push_back(0);
  for (std::size_t m = 0; m < rows; ++m) {
    std::vector<char> used(columns, 0);
    const std::size_t first = upto(columns);
    for (std::size_t c = first; c < std::min(columns, first + 1 + upto(9)); ++c) used[c] = 1;
    used[upto(columns)] = 1;
    for (std::size_t c = 0; c < columns; ++c) {
      if (used[c] == 0) continue;
      out.column.push_back(static_cast<std::uint16_t>(c));
      out.value.push_back(static_cast<float>(normal(random)));
    }
    out.begin.push_back(static_cast<std::uint32_t>(out.column.size()));
    out.target.push_back(normal(random));
    out.phase_us.push_back(static_cast<float>(100 * first + upto(100)));
    out.source.push_back(static_cast<std::uint32_t>(m));
  }
  return out;
}

/// By the definition, a row at a time.
void expect_sums(const WhiteRows& rows, const std::vector<double>& weights) {
  const auto p = static_cast<Eigen::Index>(rows.columns);
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(p, p);
  Eigen::VectorXd right = Eigen::VectorXd::Zero(p);
  for (std::size_t m = 0; m < rows.rows(); ++m) {
    Eigen::VectorXd x = Eigen::VectorXd::Zero(p);
    for (std::uint32_t i = rows.begin[m]; i < rows.begin[m + 1]; ++i)
      x[rows.column[i]] = static_cast<double>(rows.value[i]);
    gram += weights[m] * x * x.transpose();
    right += weights[m] * rows.target[m] * x;
  }
  Eigen::MatrixXd found = Eigen::MatrixXd::Constant(3, 3, 7.0);  // what was there before goes
  Eigen::VectorXd found_right = Eigen::VectorXd::Constant(5, 7.0);
  accumulate(rows, weights, found, found_right);
  ASSERT_EQ(found.rows(), p);
  ASSERT_EQ(found_right.size(), p);
  EXPECT_LT((found - gram).cwiseAbs().maxCoeff(), 1e-12 * (1.0 + gram.cwiseAbs().maxCoeff()));
  EXPECT_LT((found_right - right).cwiseAbs().maxCoeff(), 1e-12 * (1.0 + right.cwiseAbs().maxCoeff()));
}

TEST(NormalEquations, AreTheWeightedSumsOverAllRows) {
  std::mt19937_64 random(1);
  for (const std::size_t count : {0U, 1U, 3U, 4U, 5U, 8U, 203U}) {
    for (const std::size_t columns : {1U, 5U, 63U, 64U, 65U, 150U}) {
      const WhiteRows rows = random_rows(count, columns, random);
      std::vector<double> weights(count);
      for (double& w : weights)
        w = random() % 5 == 0 ? 0.0 : 0.5 + static_cast<double>(random() % 100) / 50.0;
      SCOPED_TRACE(testing::Message() << count << " rows, " << columns << " columns");
      expect_sums(rows, weights);
    }
  }
}

TEST(NormalEquations, OfRowsAtOnePlaceAloneAreWhole) {
  std::mt19937_64 random(2);
  WhiteRows rows = random_rows(30, 40, random);
  rows.phase_us.assign(rows.rows(), 0.0F);
  expect_sums(rows, std::vector<double>(rows.rows(), 1.0));
}

}  // namespace
}  // namespace joulecast::regression
