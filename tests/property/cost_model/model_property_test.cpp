#include <cmath>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "joulecast/cost_model.h"
#include "support/small_model.h"

namespace joulecast {
namespace {

/// A number of the sizes that features and coefficients have.
double any_number(double low, double high) {
  constexpr int kSteps = 1 << 20;
  return low + (high - low) * *rc::gen::inRange(0, kSteps + 1) / kSteps;
}

LassoModel any_model() {
  const auto kind =
      *rc::gen::elementOf(std::vector<ReferenceKind>(kReferenceKinds.begin(), kReferenceKinds.end()));
  LassoModel model = test::small_model(kind, Target::kPower);
  model.recipe.degree = *rc::gen::inRange(1, 5);
  model.recipe.log_scale = *rc::gen::arbitrary<bool>();
  const std::size_t columns = column_names(model.features, model.recipe).size();
  std::set<std::uint32_t> chosen;
  const int terms = *rc::gen::inRange(0, 30);
  for (int i = 0; i < terms; ++i)
    chosen.insert(static_cast<std::uint32_t>(*rc::gen::inRange<std::size_t>(0, columns)));
  model.terms.clear();
  for (const std::uint32_t column : chosen)
    model.terms.push_back({column, any_number(0.01, 2), any_number(-50, 50), any_number(0.1, 50)});
  model.intercept = any_number(-5, 5);
  return model;
}

RC_GTEST_PROP(CompiledLassoProperty, AgreesWithTheFormula, ()) {
  const LassoModel model = any_model();
  std::vector<double> row;
  for (std::size_t i = 0; i < model.features.size(); ++i) row.push_back(any_number(0, 64));
  // The scale of the answer is that of its parts: they may cancel, in the formula as well.
  double parts = std::abs(model.intercept);
  for (const LassoTerm& term : model.terms) {
    LassoModel alone = model;
    alone.terms = {term};
    parts += std::abs(alone.predict(row) - model.intercept) +
             std::abs(term.coefficient * term.center / term.scale);
  }
  const CompiledLasso compiled(model);
  RC_ASSERT(std::abs(compiled.predict(row) - model.predict(row)) <= 1e-12 * parts);
  std::vector<double> out(1);
  compiled.predict({row, 1, row.size()}, out);
  RC_ASSERT(std::abs(out[0] - model.predict(row)) <= 1e-12 * parts);
}

RC_GTEST_PROP(ModelFileProperty, SavingALoadedModelGivesTheSameBytes, ()) {
  CostModel model;
  model.lasso = {any_model()};
  const std::string text = to_json(model).value();
  RC_ASSERT(to_json(parse_cost_model(text, "x").value()).value() == text);
}

RC_GTEST_PROP(ModelFileProperty, DamagedBytesNeverCrashTheReader, ()) {
  std::string text = to_json(test::small_cost_model()).value();
  const int changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes; ++i)
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = static_cast<char>(*rc::gen::inRange(0, 256));
  const auto result = parse_cost_model(text, "damaged");
  RC_ASSERT(result.has_value() || result.error().kind == ErrorKind::kMalformed);
  if (result) RC_ASSERT(to_json(*result).has_value());
}

}  // namespace
}  // namespace joulecast
