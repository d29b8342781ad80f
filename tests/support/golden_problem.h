// The reference's fits as test problems: training CSVs to the feature matrix the reference built, with the
// scaler taken from the golden file, and what the fit came to.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "joulecast/numerics.h"

namespace joulecast::test {

struct GoldenProblem {
  Matrix x;  ///< scaled features of the training rows
  std::vector<double> y;
  bool positive = true;
  std::vector<double> alphas;
  std::vector<double> mean_mse;
  std::size_t alpha_index = 0;
  std::size_t iterations = 0;
  double duality_gap = 0.0;
  std::vector<double> train_prediction;
  std::vector<Matrix> test_x;  ///< by test network
  std::vector<std::vector<double>> test_prediction;
};

/// Reads `fit_file` and the CSVs `training_data`/<network>/<layer>.csv that it names. Throws on any fault.
GoldenProblem read_golden_problem(const std::filesystem::path& fit_file,
                                  const std::filesystem::path& training_data);

}  // namespace joulecast::test
