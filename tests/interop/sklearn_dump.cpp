// Imports scikit-learn models and predicts with them. Each line of standard input: the path of a model file
// or folder, a kind, a target, and the path of a file of rows (numbers separated by blanks). Answers with a
// line each: the predictions by both ways of computing them, row by row, then those of the model saved and
// loaded again; or "error: " and what was wrong.
#include <fstream>
#include <iostream>
#include <sstream>

#include <fmt/format.h>

#include "joulecast/sklearn_import.h"

namespace joulecast {
namespace {

void print_predictions(const LassoModel& model, const std::string& rows_path) {
  const CompiledLasso compiled(model);
  std::ifstream rows(rows_path);
  for (std::string line; std::getline(rows, line);) {
    std::istringstream words(line);
    std::vector<double> row;
    for (double value = 0.0; words >> value;) row.push_back(value);
    fmt::print("{} {} ", model.predict(row), compiled.predict(row));
  }
}

void answer(const std::string& line) {
  std::istringstream words(line);
  std::string path;
  std::string kind_name;
  std::string target_name;
  std::string rows;
  words >> path >> kind_name >> target_name >> rows;
  SklearnTarget what;
  for (const ReferenceKind kind : kReferenceKinds)
    if (kind_name == to_string(kind)) what.kind = kind;
  for (const Target target : kTargets)
    if (target_name == to_string(target)) what.target = target;
  const auto imported = import_sklearn(path, what);
  if (!imported) {
    fmt::print("error: {}\n", imported.error().describe());
    return;
  }
  print_predictions(imported->model, rows);
  CostModel all;
  all.lasso.push_back(imported->model);
  const auto text = to_json(all);
  const auto again = text ? parse_cost_model(*text, "saved") : tl::unexpected(text.error());
  if (again)
    print_predictions(again->lasso.front(), rows);
  else
    fmt::print("error: {}", again.error().describe());
  fmt::print("\n");
}

}  // namespace
}  // namespace joulecast

int main() {
  for (std::string line; std::getline(std::cin, line);) joulecast::answer(line);
  return 0;
}
