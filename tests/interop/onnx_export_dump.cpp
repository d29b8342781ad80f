// Exports models and predicts with them: onnx_export_dump MODEL_JSON FOLDER writes FOLDER/<name>.onnx of each
// model in the file. Then each line of standard input, a name and the path of a file of rows (a layer's
// inputs in the order of the ONNX file, numbers separated by blanks), is answered with a line: of each row
// the prediction, and the sum of the sizes of what was added up for it.
#include <cmath>
#include <fstream>
#include <iostream>
#include <sstream>

#include <fmt/format.h>

#include "cost_model/physical/train.h"
#include "joulecast/mlflow_model.h"
#include "joulecast/onnx_export.h"

namespace joulecast {
namespace {

void print_row(const LassoModel& model, const std::vector<double>& row) {
  double size = std::abs(model.intercept);
  LassoModel one = model;
  one.intercept = 0.0;
  for (const LassoTerm& term : model.terms) {
    one.terms = {term};
    size += std::abs(one.predict(row));
  }
  fmt::print("{} {} ", model.predict(row), size);
}

/// Nothing is subtracted in a physical model.
void print_row(const PhysicalModel& model, const std::vector<double>& row) {
  const bool energy = model.target == PhysicalTarget::kEnergy;
  PhysicalValues values{};
  const std::size_t first = index(energy ? PhysicalTerm::kActive : PhysicalTerm::kLaunch);
  std::size_t at = 0;
  for (std::size_t j = first; j < kPhysicalTerms; ++j) values[j] = row.at(at++);
  std::array<double, kSizes> sizes{};
  if (model.residual)
    for (double& size : sizes) size = row.at(at++);
  const double value = model_value(model, values, sizes);
  fmt::print("{} {} ", value, std::abs(value));
}

template <class Model>
void answer(const Model& model, const std::string& rows_path) {
  std::ifstream rows(rows_path);
  for (std::string line; std::getline(rows, line);) {
    std::istringstream words(line);
    std::vector<double> row;
    for (std::string word; words >> word;) row.push_back(std::stod(word));
    print_row(model, row);
  }
  fmt::print("\n");
}

template <class Model>
bool export_to(const Model& model, const std::string& folder) {
  const auto bytes = to_onnx(model);
  if (!bytes) fmt::print(stderr, "{}\n", bytes.error().describe());
  if (bytes) std::ofstream(folder + "/" + mlflow_model_name(model) + ".onnx", std::ios::binary) << *bytes;
  return bytes.has_value();
}

int run(const char* model_path, const char* folder) {
  const auto models = load_cost_model(model_path);
  if (!models) fmt::print(stderr, "{}\n", models.error().describe());
  if (!models) return 1;
  for (const LassoModel& one : models->lasso)
    if (!export_to(one, folder)) return 1;
  for (const LassoModel& one : models->relative_lasso)
    if (!export_to(one, folder)) return 1;
  for (const PhysicalModel& one : models->physical)
    if (!export_to(one, folder)) return 1;
  std::string name;
  std::string rows;
  while (std::cin >> name >> rows) {
    const auto take = [&](const auto& all) {
      for (const auto& one : all)
        if (mlflow_model_name(one) == name) answer(one, rows);
    };
    take(models->lasso);
    take(models->relative_lasso);
    take(models->physical);
  }
  return 0;
}

}  // namespace
}  // namespace joulecast

int main(int argc, char** argv) {
  return argc == 3 ? joulecast::run(argv[1], argv[2]) : 2;
}
