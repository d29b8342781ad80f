#include "support/golden_problem.h"

#include <array>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

namespace joulecast::test {
namespace {

using Row = std::map<std::string, double>;

std::vector<Row> read_rows(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  std::string line;
  std::getline(in, line);
  std::vector<std::string> names;
  for (std::stringstream cells(line); std::getline(cells, line, ',');) names.push_back(line);
  std::vector<Row> rows;
  while (std::getline(in, line)) {
    std::stringstream cells(line);
    Row row;
    for (const std::string& name : names) {
      std::getline(cells, line, ',');
      if (name != "layer_name") row[name] = std::stod(line);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Bias, then by degree all products of columns with repetition in lexicographic order, then the special
/// terms of the raw columns: scikit-learn's PolynomialFeatures(3) and the reference's additions.
std::vector<double> features_of(const Row& row, const nlohmann::json& fit) {
  std::vector<double> v;
  for (const std::string name : fit["features"]) {
    v.push_back(fit["params"]["is_log"] ? std::log1p(row.at(name)) : row.at(name));
  }
  std::vector<double> out{1.0};
  for (const double a : v) out.push_back(a);
  for (std::size_t i = 0; i < v.size(); ++i) {
    for (std::size_t j = i; j < v.size(); ++j) out.push_back(v[i] * v[j]);
  }
  for (std::size_t i = 0; i < v.size(); ++i) {
    for (std::size_t j = i; j < v.size(); ++j) {
      for (std::size_t k = j; k < v.size(); ++k) out.push_back(v[i] * v[j] * v[k]);
    }
  }
  if (fit["params"]["special_terms"].is_null()) return out;
  for (const auto& term : fit["params"]["special_terms"]) {
    double product = 1.0;
    for (const std::string name : term) product *= row.at(name);
    out.push_back(product);
  }
  return out;
}

Matrix feature_matrix(const std::vector<Row>& rows, const nlohmann::json& fit) {
  Matrix out(rows.size(), fit["n_columns"]);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<double> features = features_of(rows[i], fit);
    if (features.size() != out.columns) throw std::runtime_error("the golden fit has other columns");
    for (std::size_t j = 0; j < features.size(); ++j) {
      out(i, j) =
          (features[j] - fit["scaler_center"][j].get<double>()) / fit["scaler_scale"][j].get<double>();
    }
  }
  return out;
}

}  // namespace

GoldenProblem read_golden_problem(const std::filesystem::path& fit_file,
                                  const std::filesystem::path& training_data) {
  std::ifstream in(fit_file);
  const nlohmann::json fit = nlohmann::json::parse(in);
  const std::string layer = fit["layer"];
  const std::string target = fit["target"];
  std::vector<Row> rows;
  for (const std::string network : fit["train_order"]) {
    for (Row& row : read_rows(training_data / network / (layer + ".csv"))) rows.push_back(std::move(row));
  }
  GoldenProblem out;
  out.x = feature_matrix(rows, fit);
  for (const Row& row : rows) out.y.push_back(target == "power" ? row.at(target) / 1e6 : row.at(target));
  out.positive = fit["params"]["lasso"]["positive"];
  out.alphas = fit["alphas"].get<std::vector<double>>();
  out.mean_mse = fit["cv_mse_mean"].get<std::vector<double>>();
  out.alpha_index = fit["alpha_index"];
  out.iterations = fit["n_iter"];
  out.duality_gap = fit["dual_gap"];
  out.train_prediction = fit["train_pred"].get<std::vector<double>>();
  for (const std::string network : fit["test_order"]) {
    out.test_x.push_back(feature_matrix(read_rows(training_data / network / (layer + ".csv")), fit));
    out.test_prediction.push_back(fit["test_pred"][network].get<std::vector<double>>());
  }
  return out;
}

}  // namespace joulecast::test
