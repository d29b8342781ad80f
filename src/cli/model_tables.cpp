#include "cli/model_tables.h"

#include <cmath>

#include <fmt/format.h>

#include "base/float_text.h"
#include "cli/table.h"
#include "cli/words.h"

namespace joulecast::cli {
namespace {

std::string short_number(double value) {
  return fmt::format("{:.4g}", value);
}

std::string recipe_words(const LassoRecipe& recipe) {
  std::string degree = recipe.least_degree == 1
                           ? fmt::format("degree {}", recipe.degree)
                           : fmt::format("degree {}-{}", recipe.least_degree, recipe.degree);
  if (recipe.log_scale) degree += " of logs";
  return fmt::format("{}, {}{}", degree,
                     recipe.scaler == Scaler::kNone ? "unscaled" : to_string(recipe.scaler),
                     recipe.relative ? ", relative" : "");
}

/// Where an imported model comes from, in lines that fit.
std::string origin_lines(const LassoModel& lasso) {
  const ModelOrigin& origin = *lasso.origin;
  std::string text =
      fmt::format("{} {}: {}, by {}\n  SHA-256 {}...", to_string(lasso.kind), to_string(lasso.target),
                  printable(origin.file), printable(origin.library), printable(origin.sha256.substr(0, 12)));
  if (!origin.run_id.empty()) text += ", MLflow run " + printable(origin.run_id);
  return text + "\n";
}

std::string term_table(const LassoModel& lasso, std::size_t width, bool bold) {
  const auto names = column_names(lasso.features, lasso.recipe);
  Table table(
      {{"term", Table::Align::kLeft, Table::Narrow::kOwnLine}, {"coefficient"}, {"center"}, {"scale"}});
  for (const LassoTerm& term : lasso.terms)
    table.add({names[term.column], short_number(term.coefficient), short_number(term.center),
               short_number(term.scale)});
  return table.text(width, bold) + fmt::format("{} = {} + sum of coefficient x (term - center) / scale\n",
                                               lasso.target == Target::kPower ? "W" : "ms",
                                               float_text(lasso.intercept));
}

}  // namespace

std::string end_to_end_lines(const CostModel& model) {
  if (!model.end_to_end) return {};
  const EndToEndModel& e = *model.end_to_end;
  std::string law = fmt::format("A call takes {:.3g} ms", e.call_ms);
  if (e.layer_ms != 0.0)
    law += fmt::format(" and {:.3g} us a layer {}", 1e3 * std::abs(e.layer_ms),
                       e.layer_ms > 0.0 ? "more than its layers" : "less than its layers");
  else
    law += " more than its layers";
  return fmt::format(
      "{}.\nEnd-to-end latency of networks held out: {:.1f} % off, their layers alone {:.1f} %.\n", law,
      e.held_out_mape_percent, e.sum_mape_percent);
}

std::string model_table(const CostModel& model, std::size_t width, bool bold) {
  Table table({{"kind", Table::Align::kLeft},
               {"target", Table::Align::kLeft},
               {"estimator", Table::Align::kLeft, Table::Narrow::kShorten},
               {"alpha"},
               {"terms"}});
  for (const PhysicalModel& physical : model.physical)
    table.add(
        {"all", std::string(to_string(physical.target)),
         fmt::format("physical, {} recipe{}", physical.fits.size(), physical.fits.size() == 1 ? "" : "s"),
         "-", "-"});
  bool trained = !model.physical.empty();
  std::string origins;
  for (const auto* models : {&model.lasso, &model.relative_lasso}) {
    for (const LassoModel& lasso : *models) {
      table.add(
          {std::string(to_string(lasso.kind)), std::string(to_string(lasso.target)),
           "lasso, " + recipe_words(lasso.recipe), short_number(lasso.alpha),
           fmt::format("{} of {}", lasso.terms.size(), column_names(lasso.features, lasso.recipe).size())});
      trained = trained || !lasso.origin;
      if (lasso.origin) origins += origin_lines(lasso);
    }
  }
  std::string text = table.text(width, bold);
  if (trained) text += fmt::format("\nTrained by joulecast {}\n", printable(model.library_version));
  text += end_to_end_lines(model);
  if (!model.device.empty()) text += fmt::format("Board: {}\n", printable(model.device));
  if (!origins.empty()) text += "\n" + origins;
  if (model.physical.empty() && model.lasso.size() == 1 && model.relative_lasso.empty())
    text += "\n" + term_table(model.lasso.front(), width, bold);
  return text;
}

}  // namespace joulecast::cli
