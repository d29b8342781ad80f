// Solves lasso problems from standard input and writes the coefficients, for comparison with another
// program's.
//
// In:  any number of: "rows columns positive intercept alphas", the alphas, y, then X by columns.
// Out: for each alpha of each problem a line "intercept duality_gap w...".
#include <fmt/core.h>

#include <cstddef>
#include <iostream>
#include <vector>

#include "joulecast/numerics.h"

namespace {

std::vector<double> read_values(std::size_t count) {
  std::vector<double> out(count);
  for (double& value : out) std::cin >> value;
  return out;
}

}  // namespace

int main() {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t alphas = 0;
  joulecast::LassoOptions options;
  while (std::cin >> rows >> columns >> options.positive >> options.fit_intercept >> alphas) {
    const std::vector<double> grid = read_values(alphas);
    const std::vector<double> y = read_values(rows);
    joulecast::Matrix x(rows, columns);
    x.data = read_values(rows * columns);
    if (!std::cin) {
      fmt::print(stderr, "the problem ends too early\n");
      return 1;
    }
    const auto path = joulecast::lasso_path(x.view(), y, grid, options);
    if (!path) {
      fmt::print(stderr, "{}\n", path.error().describe());
      return 1;
    }
    for (const joulecast::LassoFit& fit : *path) {
      fmt::print("{} {}", fit.intercept, fit.duality_gap);
      for (const double w : fit.coefficients) fmt::print(" {}", w);
      fmt::print("\n");
    }
  }
  return 0;
}
