// The columns of the lasso pipelines: [polynomial | special terms].
//
// Order and arithmetic are scikit-learn's PolynomialFeatures: columns by degree, within a degree combinations
// with replacement in lexicographic order, and a product formed from its last factor backwards
// (x_i * (x_j * x_k)). Special terms multiply raw features from the left, as numpy's multiply.reduce does.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cost_model/columns.h"
#include "joulecast/cost_model.h"

namespace joulecast {
namespace {

constexpr int kMaxDegree = 6;
constexpr std::size_t kMaxColumns = 1'000'000;

/// C(features + degree, degree), or kMaxColumns + 1 where it is more than that.
std::size_t polynomial_size(std::size_t features, int degree) {
  std::size_t count = 1;
  for (std::size_t d = 1; d <= static_cast<std::size_t>(degree); ++d) {
    count = count * (features + d) / d;
    if (count > kMaxColumns) return kMaxColumns + 1;
  }
  return count;
}

}  // namespace

std::vector<std::vector<std::uint32_t>> polynomial_columns(std::size_t features, const LassoRecipe& recipe) {
  std::vector<std::vector<std::uint32_t>> columns;
  if (recipe.bias) columns.emplace_back();
  // Without repetition each factor is at least one above that before it.
  const std::uint32_t step = recipe.interaction_only ? 1 : 0;
  for (int d = std::max(recipe.least_degree, 1); d <= recipe.degree; ++d) {
    const auto size = static_cast<std::size_t>(d);
    if (features < (recipe.interaction_only ? size : 1)) break;
    std::vector<std::uint32_t> factors(size, 0);
    for (std::size_t i = 1; i < size; ++i) factors[i] = factors[i - 1] + step;
    for (;;) {
      columns.push_back(factors);
      // The last factor that can be raised, its followers having room behind it.
      std::size_t at = size;
      while (at != 0 && factors[at - 1] + 1 + step * (size - at) >= features) --at;
      if (at == 0) break;
      ++factors[at - 1];
      for (std::size_t i = at; i < size; ++i) factors[i] = factors[i - 1] + step;
    }
  }
  return columns;
}

Expected<std::vector<Column>> pipeline_columns(std::span<const std::string> features,
                                               const LassoRecipe& recipe) {
  if (recipe.degree < 1 || recipe.degree > kMaxDegree)
    return fail(ErrorKind::kUsage, fmt::format("degree {} is not 1 to {}", recipe.degree, kMaxDegree), {},
                "Change degree in the model's recipe");
  if (recipe.least_degree < 1 || recipe.least_degree > recipe.degree)
    return fail(ErrorKind::kUsage,
                fmt::format("least degree {} is not 1 to {}", recipe.least_degree, recipe.degree), {},
                "Change least_degree in the model's recipe");
  if (polynomial_size(features.size(), recipe.degree) > kMaxColumns)
    return fail(ErrorKind::kUsage,
                fmt::format("degree {} over {} features makes more than {} columns", recipe.degree,
                            features.size(), kMaxColumns),
                {}, "Lower degree in the model's recipe");
  std::vector<Column> columns;
  for (auto& factors : polynomial_columns(features.size(), recipe))
    columns.push_back({std::move(factors), false});
  for (const auto& term : recipe.special_terms) {
    Column column{{}, true};
    for (const std::string& name : term) {
      const auto found = std::find(features.begin(), features.end(), name);
      if (found == features.end())
        return fail(ErrorKind::kUsage, fmt::format("special term names no feature: {}", name), {},
                    fmt::format("Features are {}", fmt::join(features, ", ")));
      column.factors.push_back(static_cast<std::uint32_t>(found - features.begin()));
    }
    if (column.factors.empty())
      return fail(ErrorKind::kUsage, "a special term has no factor", {},
                  "Remove it from special_terms, or name its features");
    columns.push_back(std::move(column));
  }
  return columns;
}

std::string column_name(const Column& column, std::span<const std::string> features) {
  if (column.factors.empty()) return "1";
  std::string name;
  for (const std::uint32_t factor : column.factors) {
    if (!name.empty()) name += '*';
    name += features[factor];
  }
  return name;
}

std::vector<std::string> column_names(std::span<const std::string> features, const LassoRecipe& recipe) {
  std::vector<std::string> names;
  if (const auto columns = pipeline_columns(features, recipe))
    for (const Column& column : *columns) names.push_back(column_name(column, features));
  return names;
}

double column_value(const Column& column, std::span<const double> row, bool log_scale) {
  double product = 1.0;
  if (column.special) {
    for (const std::uint32_t factor : column.factors) product *= row[factor];
  } else {
    for (auto factor = column.factors.rbegin(); factor != column.factors.rend(); ++factor)
      product = (log_scale ? std::log1p(row[*factor]) : row[*factor]) * product;
  }
  return product;
}

Expected<Matrix> expand_features(MatrixView rows, std::span<const std::string> features,
                                 const LassoRecipe& recipe) {
  if (rows.columns != features.size())
    return fail(ErrorKind::kUsage,
                fmt::format("rows of {} features, names for {}", rows.columns, features.size()), {},
                "Give one name for each feature");
  const auto columns = pipeline_columns(features, recipe);
  if (!columns) return tl::unexpected(columns.error());
  Matrix base(rows.rows, rows.columns);
  std::transform(rows.data.begin(), rows.data.end(), base.data.begin(),
                 [&](double x) { return recipe.log_scale ? std::log1p(x) : x; });

  Matrix out(rows.rows, columns->size());
  for (std::size_t j = 0; j < columns->size(); ++j) {
    const Column& column = (*columns)[j];
    const std::span<double> target = out.column(j);
    std::fill(target.begin(), target.end(), 1.0);
    const auto multiply = [&](std::span<const double> factor) {
      for (std::size_t i = 0; i < target.size(); ++i) target[i] *= factor[i];
    };
    if (column.special) {
      for (const std::uint32_t factor : column.factors) multiply(rows.column(factor));
    } else {
      for (auto f = column.factors.rbegin(); f != column.factors.rend(); ++f)
        multiply(base.view().column(*f));
    }
  }
  return out;
}

}  // namespace joulecast
