// Follows the features through the steps of a pipeline. What comes out are columns that a LassoRecipe can
// name, each with the center and scale that the scaler gave it; anything else is refused.
#include "cost_model/sklearn/pipeline.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cost_model/columns.h"
#include "cost_model/json_reader.h"

namespace joulecast::sklearn {
namespace {

using Columns = std::vector<PipelineColumn>;
using Form = PipelineColumn::Form;

constexpr int kMaxNesting = 8;
// A file can name one step many times over: what it asks for is bounded, not its size alone.
constexpr std::size_t kMostSteps = 1000;
constexpr std::size_t kMostColumns = 100'000;
constexpr std::size_t kMaxDegree = 6;
constexpr std::string_view kPipelineClass = "sklearn.pipeline.Pipeline";
constexpr std::array<std::string_view, 2> kLassoClasses = {"sklearn.linear_model._coordinate_descent.LassoCV",
                                                           "sklearn.linear_model._coordinate_descent.Lasso"};
constexpr std::array<std::string_view, 3> kUfuncModules = {"numpy", "numpy.core._multiarray_umath",
                                                           "numpy._core._multiarray_umath"};

bool all_are(const Columns& columns, Form form) {
  return std::all_of(columns.begin(), columns.end(),
                     [&](const PipelineColumn& column) { return column.form == form && !column.scaled; });
}

class PipelineReader {
 public:
  PipelineReader(ValueReader& reader, FeatureNames features) : reader_(reader), features_(features) {}

  Pipeline read(const Place& root) {
    Columns columns;
    for (std::size_t i = 0; i < features_.size(); ++i) columns.push_back({Form::kFeature, i});
    out_.columns = apply(root, std::move(columns), 0, true);
    if (!reader_.error() && out_.lasso.id == kNoValue)
      reader_.refuse(root, fmt::format("{} has no lasso at its end", reader_.described(root)));
    const bool scaled = !out_.columns.empty() && out_.columns.front().scaled;
    for (const PipelineColumn& column : out_.columns)
      if (column.scaled != scaled) reader_.refuse(root, "some columns are scaled and others are not");
    if (!scaled) out_.recipe.scaler = Scaler::kNone;
    return std::move(out_);
  }

 private:
  /// What a step makes of its columns. Only behind the last step of all may a lasso stand.
  Columns apply(const Place& step, Columns in, int depth, bool last) {
    if (reader_.error()) return {};
    if (++steps_ > kMostSteps || in.size() > kMostColumns) {
      reader_.refuse(step,
                     fmt::format("more than {} steps or {} columns are not read", kMostSteps, kMostColumns));
      return {};
    }
    if (depth > kMaxNesting) {
      reader_.refuse(step, fmt::format("pipelines are nested more than {} deep", kMaxNesting));
      return {};
    }
    if (reader_.is_none(step) ||
        (reader_.kind(step) == ValueKind::kText && reader_.text(step) == "passthrough"))
      return in;
    const std::string name = reader_.class_of(step);
    if (name == kPipelineClass) return apply_steps(step, std::move(in), depth, last);
    if (name == "sklearn.pipeline.FeatureUnion") return apply_union(step, in, depth);
    if (std::find(kLassoClasses.begin(), kLassoClasses.end(), name) != kLassoClasses.end())
      return take_lasso(step, std::move(in), last);
    if (name == "sklearn.preprocessing._function_transformer.FunctionTransformer")
      return apply_function(step, std::move(in));
    if (name == "sklearn.preprocessing._polynomial.PolynomialFeatures") return apply_polynomial(step, in);
    if (name == "sklearn.preprocessing._data.StandardScaler")
      return apply_scaler(step, std::move(in), Scaler::kStandard);
    if (name == "sklearn.preprocessing._data.RobustScaler")
      return apply_scaler(step, std::move(in), Scaler::kRobust);
    if (name == "sklearn.preprocessing._data.MinMaxScaler")
      return apply_scaler(step, std::move(in), Scaler::kMinMax);
    reader_.refuse(step, fmt::format("{} cannot be taken over", reader_.described(step)));
    return {};
  }

  /// (name, estimator) of a list of steps.
  std::vector<Place> named_steps(const Place& owner, std::string_view list) {
    std::vector<Place> steps;
    for (const Place& pair : reader_.items(reader_.member(owner, list))) {
      const auto parts = reader_.items(pair);
      if (!reader_.error() && parts.size() != 2) reader_.fault(pair, "is no pair of name and estimator");
      const std::string_view name = reader_.error() ? std::string_view() : reader_.text(parts[0]);
      if (reader_.error()) return {};
      steps.push_back({parts[1].id, way_to(owner.path, name)});
    }
    return steps;
  }

  Columns apply_steps(const Place& pipeline, Columns columns, int depth, bool last) {
    note_version(pipeline);
    const auto steps = named_steps(pipeline, "steps");
    for (std::size_t i = 0; i < steps.size(); ++i)
      columns = apply(steps[i], std::move(columns), depth + 1, last && i + 1 == steps.size());
    return columns;
  }

  Columns apply_union(const Place& step, const Columns& in, int depth) {
    if (const auto weights = reader_.find_member(step, "transformer_weights");
        weights && !reader_.is_none(*weights))
      reader_.refuse(*weights, "weights of a FeatureUnion cannot be taken over");
    Columns out;
    for (const Place& part : named_steps(step, "transformer_list")) {
      if (reader_.kind(part) == ValueKind::kText && reader_.text(part) == "drop") continue;
      const Columns columns = apply(part, in, depth + 1, false);
      out.insert(out.end(), columns.begin(), columns.end());
      if (out.size() > kMostColumns) reader_.refuse(step, "makes too many columns");
      if (reader_.error()) return {};
    }
    return out;
  }

  Columns take_lasso(const Place& step, Columns in, bool last) {
    if (!last) reader_.refuse(step, "a lasso stands before the end of the pipeline");
    out_.lasso = step;
    check_width(step, in.size());
    note_version(step);
    return in;
  }

  Columns apply_function(const Place& step, Columns in) {
    if (const auto given = reader_.find_member(step, "kw_args");
        given && !reader_.is_none(*given) && !reader_.at(*given).items.empty())
      reader_.refuse(*given, "arguments of a FunctionTransformer cannot be taken over");
    const Place function = reader_.member(step, "func");
    if (reader_.error() || reader_.is_none(function)) return in;
    if (reader_.kind(function) == ValueKind::kGlobal) return apply_named_function(function, std::move(in));
    if (reader_.is_call_of(function, "cloudpickle.cloudpickle", "_make_function"))
      return apply_special_terms(function, in);
    reader_.refuse(function,
                   fmt::format("{} stands where a function is expected", reader_.described(function)));
    return {};
  }

  Columns apply_named_function(const Place& function, Columns in) {
    const std::string name = reader_.described(function);
    const bool known = std::any_of(kUfuncModules.begin(), kUfuncModules.end(), [&](std::string_view module) {
      return name == fmt::format("{}.log1p", module);
    });
    if (!known) {
      reader_.refuse(function, fmt::format("the function {} cannot be taken over", name));
    } else if (!all_are(in, Form::kFeature)) {
      reader_.refuse(function, "log1p of what is no feature cannot be taken over");
    } else {
      for (PipelineColumn& column : in) column.form = Form::kLogged;
    }
    return in;
  }

  Columns apply_special_terms(const Place& function, const Columns& in) {
    if (!is_every_feature(in) || !all_are(in, Form::kFeature))
      reader_.refuse(function, "special terms of what are not the features cannot be taken over");
    auto terms = read_special_terms(reader_, function, features_);
    if (reader_.error()) return {};
    out_.warnings.push_back(
        {fmt::format("{}: the function _build_special_terms is stored as Python's code, which is never run: "
                     "the columns are the products that its captured lists name",
                     function.path)});
    Columns out;
    for (auto& term : terms) {
      out.push_back({Form::kSpecial, out_.recipe.special_terms.size()});
      out_.recipe.special_terms.push_back(std::move(term));
    }
    return out;
  }

  [[nodiscard]] bool is_every_feature(const Columns& columns) const {
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (columns[i].index != i) return false;
    return columns.size() == features_.size();
  }

  Columns apply_polynomial(const Place& step, const Columns& in) {
    check_width(step, in.size());
    if (out_.has_polynomial) reader_.refuse(step, "a second polynomial cannot be taken over");
    const bool logged = all_are(in, Form::kLogged);
    if (!is_every_feature(in) || !(logged || all_are(in, Form::kFeature)))
      reader_.refuse(step, "a polynomial of what are not the features cannot be taken over");
    LassoRecipe& recipe = out_.recipe;
    recipe.log_scale = logged;
    recipe.interaction_only = reader_.truth(reader_.member(step, "interaction_only"));
    recipe.bias = reader_.truth(reader_.member(step, "include_bias"));
    read_degree(reader_.member(step, "degree"));
    const std::size_t width = reader_.count(reader_.member(step, "n_output_features_"), 0, 1'000'000'000);
    if (reader_.error()) return {};
    std::vector<std::string> names(features_.begin(), features_.end());
    LassoRecipe alone = recipe;
    alone.special_terms.clear();
    const auto columns = pipeline_columns(names, alone);
    if (!columns) {
      reader_.refuse(step, columns.error().message);
      return {};
    }
    if (columns->size() != width)
      reader_.fault(
          step, fmt::format("says it makes {} columns, but its settings make {}", width, columns->size()));
    out_.has_polynomial = true;
    Columns out;
    for (std::size_t i = 0; i < columns->size(); ++i) out.push_back({Form::kPolynomial, i});
    return out;
  }

  /// A number, or (least, most).
  void read_degree(const Place& degree) {
    if (reader_.error()) return;
    std::size_t least = 1;
    std::size_t most = 0;
    if (reader_.kind(degree) == ValueKind::kTuple || reader_.kind(degree) == ValueKind::kList) {
      const auto bounds = reader_.items(degree);
      if (bounds.size() != 2) return reader_.fault(degree, "is no pair of degrees");
      least = std::max<std::size_t>(1, reader_.count(bounds[0], 0, kMaxDegree));
      most = reader_.count(bounds[1], 1, kMaxDegree);
    } else {
      most = reader_.count(degree, 1, kMaxDegree);
    }
    out_.recipe.least_degree = static_cast<int>(least);
    out_.recipe.degree = static_cast<int>(most);
  }

  /// An attribute with a number a column; nothing if it is None: the scaler was told not to use it.
  std::optional<std::vector<double>> column_numbers(const Place& step, const char* name, std::size_t width) {
    const Place place = reader_.member(step, name);
    if (reader_.error() || reader_.is_none(place)) return std::nullopt;
    Numbers numbers = reader_.numbers(place);
    if (!reader_.error() && (numbers.shape.size() != 1 || numbers.values.size() != width))
      reader_.fault(place, fmt::format("has {} numbers for {} columns", numbers.values.size(), width));
    if (reader_.error()) return std::nullopt;
    return std::move(numbers.values);
  }

  Columns apply_scaler(const Place& step, Columns in, Scaler kind) {
    check_width(step, in.size());
    if (std::any_of(in.begin(), in.end(), [](const PipelineColumn& column) { return column.scaled; }))
      reader_.refuse(step, "columns that are scaled twice cannot be taken over");
    if (scaler_ && *scaler_ != kind) reader_.refuse(step, "scalers of two kinds cannot be taken over");
    scaler_ = kind;
    out_.recipe.scaler = kind;
    const bool range = kind == Scaler::kMinMax;
    if (range && reader_.truth(reader_.member(step, "clip")))
      reader_.refuse(step, "a scaler that clips cannot be taken over");
    const char* center_name = kind == Scaler::kStandard ? "mean_" : range ? "min_" : "center_";
    // The standard scaler keeps its mean although with_mean is off, if it needed it for the deviation.
    const char* switch_name = kind == Scaler::kStandard ? "with_mean" : range ? nullptr : "with_centering";
    const bool centered = switch_name == nullptr || reader_.truth(reader_.member(step, switch_name));
    const auto centers = centered ? column_numbers(step, center_name, in.size()) : std::nullopt;
    const auto scales = column_numbers(step, "scale_", in.size());
    for (std::size_t i = 0; i < in.size() && !reader_.error(); ++i) {
      PipelineColumn& column = in[i];
      column.scaled = true;
      if (scales) column.scale = (*scales)[i];
      if (centers) column.center = (*centers)[i];
      // x * scale + min is (x - -min / scale) / (1 / scale).
      if (range && is_scale(column.scale)) {
        column.center = -column.center / column.scale;
        column.scale = 1.0 / column.scale;
      }
      if (!is_scale(column.scale) || !std::isfinite(column.center))
        reader_.fault(step, fmt::format("scale_[{}] {}", i, kNoScale));
    }
    return in;
  }

  /// Width and names that a step was fitted on.
  void check_width(const Place& step, std::size_t width) {
    const auto known = reader_.find_member(step, "n_features_in_");
    if (known) {
      const std::size_t fitted = reader_.count(*known, 0, 1'000'000'000);
      if (!reader_.error() && fitted != width)
        reader_.refuse(step, fmt::format("was fitted on {} columns, and gets {}", fitted, width));
    }
    const auto names = reader_.find_member(step, "feature_names_in_");
    if (!names || width != features_.size()) return;
    const auto texts = reader_.texts(*names);
    if (!reader_.error() && !std::equal(texts.begin(), texts.end(), features_.begin(), features_.end()))
      reader_.refuse(*names, fmt::format("was fitted on other features: {}",
                                         clipped(fmt::format("{}", fmt::join(texts, ", ")))));
  }

  void note_version(const Place& step) {
    const auto version = reader_.find_member(step, "_sklearn_version");
    if (out_.version.empty() && version) out_.version = clipped(reader_.text(*version));
  }

  ValueReader& reader_;
  FeatureNames features_;
  std::optional<Scaler> scaler_;
  std::size_t steps_ = 0;
  Pipeline out_;
};

}  // namespace

Pipeline read_pipeline(ValueReader& reader, const Place& root, FeatureNames features) {
  return PipelineReader(reader, features).read(root);
}

}  // namespace joulecast::sklearn
