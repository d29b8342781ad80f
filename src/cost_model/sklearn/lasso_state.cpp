// The estimator at a pipeline's end, and the columns it weighs, as a LassoModel.
#include <algorithm>

#include <fmt/format.h>

#include "cost_model/columns.h"
#include "cost_model/sklearn/pipeline.h"

namespace joulecast::sklearn {
namespace {

using Form = PipelineColumn::Form;

constexpr std::size_t kLargestCount = std::size_t{1} << 30U;  // of model.json

double number_or(ValueReader& reader, const Place& object, const char* name, double otherwise) {
  const auto found = reader.find_member(object, name);
  if (!found || reader.is_none(*found)) return otherwise;
  return reader.number(*found);
}

/// How the fit was asked for.
void read_settings(ValueReader& reader, const Place& lasso, LassoModel& model) {
  LassoOptions& options = model.recipe.lasso;
  options.mode = LassoMode::kCompat;
  options.positive = reader.truth(reader.member(lasso, "positive"));
  options.fit_intercept = reader.truth(reader.member(lasso, "fit_intercept"));
  options.max_iterations = reader.count(reader.member(lasso, "max_iter"), 1, kLargestCount);
  options.tolerance = reader.number(reader.member(lasso, "tol"));
  options.eps = number_or(reader, lasso, "eps", options.eps);
}

/// LassoCV's grid and errors; a plain Lasso has one alpha and no folds.
void read_path(ValueReader& reader, const Place& lasso, LassoModel& model) {
  const auto grid = reader.find_member(lasso, "alphas_");
  if (!grid) {
    model.alpha = reader.number(reader.member(lasso, "alpha"));
    model.recipe.lasso.alphas = 1;
    return;
  }
  model.alpha = reader.number(reader.member(lasso, "alpha_"));
  const Numbers alphas = reader.numbers(*grid);
  const Place errors_place = reader.member(lasso, "mse_path_");
  const Numbers errors = reader.error() ? Numbers() : reader.numbers(errors_place);
  if (reader.error()) return;
  if (alphas.shape.size() != 1 || alphas.values.empty() || errors.shape.size() != 2 ||
      errors.shape[0] != alphas.shape[0] || errors.shape[1] < 2)
    return reader.fault(errors_place,
                        fmt::format("has not one row of folds for each of {} alphas", alphas.values.size()));
  const std::size_t folds = errors.shape[1];
  for (std::size_t i = 0; i < alphas.values.size(); ++i) {
    double sum = 0.0;
    for (std::size_t fold = 0; fold < folds; ++fold) sum += errors.values[i * folds + fold];
    model.mean_mse.push_back(sum / static_cast<double>(folds));
  }
  const auto chosen = std::find(alphas.values.begin(), alphas.values.end(), model.alpha);
  if (chosen == alphas.values.end()) return reader.fault(*grid, "does not hold the alpha that was chosen");
  model.alpha_index = static_cast<std::size_t>(chosen - alphas.values.begin());
  model.alphas = alphas.values;
  model.recipe.lasso.alphas = alphas.values.size();
  model.recipe.folds = folds;
}

/// Where the pipeline's columns stand among those of the recipe; the recipe gets what it lacks for them.
/// Without a polynomial the features themselves are one, of degree 1.
std::vector<std::uint32_t> places_of(ValueReader& reader, const Pipeline& pipeline, LassoModel& model) {
  LassoRecipe& recipe = model.recipe;
  const auto& columns = pipeline.columns;
  if (!pipeline.has_polynomial) {
    recipe.degree = 1;
    recipe.bias = false;
    recipe.log_scale = std::any_of(columns.begin(), columns.end(),
                                   [](const PipelineColumn& column) { return column.form == Form::kLogged; });
  }
  LassoRecipe alone = recipe;
  alone.special_terms.clear();
  const std::size_t polynomial = pipeline_columns(model.features, alone)->size();
  std::vector<bool> taken(polynomial, false);
  std::vector<std::uint32_t> places;
  for (const PipelineColumn& column : columns) {
    std::size_t place = column.index;
    const Form own = recipe.log_scale ? Form::kLogged : Form::kFeature;
    const bool in_polynomial = column.form == Form::kPolynomial ||
                               (!pipeline.has_polynomial && column.form == own && !taken[column.index]);
    if (column.form == Form::kSpecial) {
      place += polynomial;
    } else if (in_polynomial) {
      taken[place] = true;
    } else if (column.form == Form::kFeature) {
      place = polynomial + recipe.special_terms.size();
      recipe.special_terms.push_back({model.features[column.index]});
    } else {
      reader.refuse(pipeline.lasso, "log1p of a feature beside the polynomial cannot be taken over");
    }
    places.push_back(static_cast<std::uint32_t>(place));
  }
  return places;
}

void read_terms(ValueReader& reader, const Pipeline& pipeline, LassoModel& model) {
  const Place place = reader.member(pipeline.lasso, "coef_");
  const Numbers coefficients = reader.numbers(place);
  if (reader.error()) return;
  if (coefficients.shape.size() != 1 || coefficients.values.size() != pipeline.columns.size())
    return reader.fault(place, fmt::format("has {} coefficients for {} columns", coefficients.values.size(),
                                           pipeline.columns.size()));
  const auto places = places_of(reader, pipeline, model);
  for (std::size_t i = 0; i < coefficients.values.size(); ++i) {
    const PipelineColumn& column = pipeline.columns[i];
    if (coefficients.values[i] != 0.0)
      model.terms.push_back({places[i], coefficients.values[i], column.center, column.scale});
  }
  std::sort(model.terms.begin(), model.terms.end(),
            [](const LassoTerm& a, const LassoTerm& b) { return a.column < b.column; });
}

}  // namespace

void read_lasso(ValueReader& reader, const Pipeline& pipeline, LassoModel& model) {
  const Place& lasso = pipeline.lasso;
  if (reader.error()) return;
  model.recipe = pipeline.recipe;
  read_settings(reader, lasso, model);
  read_path(reader, lasso, model);
  model.intercept = reader.number(reader.member(lasso, "intercept_"));
  model.iterations = static_cast<std::size_t>(number_or(reader, lasso, "n_iter_", 0.0));
  model.duality_gap = number_or(reader, lasso, "dual_gap_", 0.0);
  if (!reader.error()) read_terms(reader, pipeline, model);
}

}  // namespace joulecast::sklearn
