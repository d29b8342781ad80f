// What must hold for a scikit-learn model made of any bytes; shared by the fuzzer and the test of its corpus.
#pragma once

#include <string>
#include <string_view>

#include "joulecast/sklearn_import.h"

namespace joulecast::fuzzing {

/// Empty if the bytes are read well or refused well; else what is wrong.
inline std::string sklearn_fault(std::string_view bytes) {
  for (const ReferenceKind kind : {ReferenceKind::kDense, ReferenceKind::kPooling}) {
    const auto imported = parse_sklearn(bytes, "fuzz.pkl", kind, Target::kPower);
    if (!imported) {
      const Error& error = imported.error();
      if (error.kind != ErrorKind::kMalformed && error.kind != ErrorKind::kUnfit)
        return "an error of the wrong kind: " + error.describe();
      if (error.message.empty() || error.hint.empty()) return "an error without words";
      if (error.location.byte && *error.location.byte > bytes.size()) return "a place behind the end";
      continue;
    }
    // What is read can be used, saved and read again.
    CostModel model;
    model.lasso.push_back(imported->model);
    const auto text = to_json(model);
    if (!text) return "a model that cannot be saved: " + text.error().describe();
    const auto again = parse_cost_model(*text, "saved");
    if (!again) return "a model that cannot be loaded again: " + again.error().describe();
    if (to_json(*again).value_or("") != *text) return "another model after loading";
    const std::vector<double> row(imported->model.features.size(), 2.0);
    static_cast<void>(CompiledLasso(again->lasso.front()).predict(row));
    static_cast<void>(imported->model.predict(row));
  }
  return {};
}

}  // namespace joulecast::fuzzing
