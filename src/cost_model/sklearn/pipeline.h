// A fitted scikit-learn pipeline, taken apart into columns and a lasso.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cost_model/sklearn/value_reader.h"
#include "joulecast/cost_model.h"

namespace joulecast::sklearn {

/// A column on its way through the pipeline: value = (product - center) / scale.
struct PipelineColumn {
  enum class Form {
    kFeature,     ///< the feature `index`
    kLogged,      ///< log1p of it
    kPolynomial,  ///< column `index` of the pipeline's polynomial
    kSpecial,     ///< the product of the special term `index`
  };
  Form form = Form::kFeature;
  std::size_t index = 0;
  double center = 0.0, scale = 1.0;
  bool scaled = false;
};

/// What a pipeline's transformers make of the features, and its lasso.
struct Pipeline {
  std::vector<PipelineColumn> columns;
  LassoRecipe recipe;  ///< the polynomial, the special terms, the scaler, how the lasso was fitted
  bool has_polynomial = false;
  Place lasso;          ///< the estimator at the end
  std::string version;  ///< of scikit-learn; empty if unknown
  std::vector<Warning> warnings;
};

/// Features by name; the pipeline takes them in this order.
using FeatureNames = std::span<const std::string_view>;

/// Errors are in the reader. Refused, with its name: every class and function but those of
/// docs/scikit-learn.md, and what they may be set to that has no place in a recipe.
Pipeline read_pipeline(ValueReader& reader, const Place& root, FeatureNames features);

/// Takes over a step that multiplies features by names: the reference's closure, of which only the captured
/// data is read (its code is never looked at).
std::vector<std::vector<std::string>> read_special_terms(ValueReader& reader, const Place& function,
                                                         FeatureNames features);

/// Coefficients, intercept and the path of cross-validation into `model`, whose features are known.
void read_lasso(ValueReader& reader, const Pipeline& pipeline, LassoModel& model);

}  // namespace joulecast::sklearn
