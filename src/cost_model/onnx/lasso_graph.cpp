// A lasso pipeline as an ONNX graph. Columns are products of features; those of one degree are made at once
// from those of the degree below, in scikit-learn's order of factors, and only where a term needs them.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "cost_model/columns.h"
#include "cost_model/model_file.h"
#include "cost_model/onnx/graph_builder.h"
#include "joulecast/onnx_export.h"

namespace joulecast {
namespace {

using onnx_export::GraphBuilder;
using onnx_export::Value;

/// log(1 + x), exact for small x too (Goldberg: What every computer scientist should know about
/// floating-point arithmetic, 1991, theorem 4), where ONNX has no operator for it.
Value log1p_of(GraphBuilder& graph, const Value& x) {
  const Value one = graph.constant(1.0);
  const Value sum = graph.add(x, one);
  const Value rounded = graph.subtract(sum, one);  // what of x is left in the sum
  const Value is_lost = graph.node("Equal", {rounded, graph.constant(0.0)});
  const Value divisor = graph.node("Where", {is_lost, one, rounded});
  const Value log = graph.multiply(graph.divide(graph.node("Log", {sum}), divisor), x);
  return graph.node("Where", {is_lost, x, log});
}

/// Products of a matrix' columns, and where each lies in the matrix that they are all gathered in.
class ProductColumns {
 public:
  using Factors = std::vector<std::uint32_t>;
  enum class Order { kFromTheRight, kFromTheLeft };

  ProductColumns(Value base, std::size_t width, Order order)
      : base_(std::move(base)), width_(width), order_(order) {}

  void need(const Factors& factors) {
    if (levels_.size() < factors.size()) levels_.resize(factors.size());
    if (!levels_[factors.size() - 1].emplace(factors, 0).second || factors.size() == 1) return;
    need(without_outer(factors));
  }

  /// Makes all that is needed; the matrices go to `parts`, which have `columns` columns so far.
  void build(GraphBuilder& graph, std::vector<Value>& parts, std::int64_t& columns) {
    if (levels_.empty()) return;
    for (auto& [factors, place] : levels_[0]) place = factors.front();
    Value below = base_;
    std::size_t below_width = width_;
    begins_.push_back(append(below, width_, parts, columns));
    for (std::size_t level = 1; level < levels_.size(); ++level) {
      std::vector<std::int64_t> outer;
      std::vector<std::int64_t> inner;
      std::int64_t next = 0;
      for (auto& [factors, place] : levels_[level]) {
        outer.push_back(order_ == Order::kFromTheRight ? factors.front() : factors.back());
        inner.push_back(levels_[level - 1].at(without_outer(factors)));
        place = next++;
      }
      below = graph.multiply(graph.gather(base_, outer, width_), graph.gather(below, inner, below_width));
      below_width = outer.size();
      begins_.push_back(append(below, below_width, parts, columns));
    }
  }

  [[nodiscard]] std::int64_t place_of(const Factors& factors) const {
    return begins_[factors.size() - 1] + levels_[factors.size() - 1].at(factors);
  }

 private:
  /// The factors without the one that is multiplied last.
  [[nodiscard]] Factors without_outer(const Factors& factors) const {
    return order_ == Order::kFromTheRight ? Factors(factors.begin() + 1, factors.end())
                                          : Factors(factors.begin(), factors.end() - 1);
  }
  static std::int64_t append(const Value& part, std::size_t width, std::vector<Value>& parts,
                             std::int64_t& columns) {
    parts.push_back(part);
    const std::int64_t begin = columns;
    columns += static_cast<std::int64_t>(width);
    return begin;
  }

  Value base_;
  std::size_t width_;
  Order order_;
  std::vector<std::map<Factors, std::int64_t>> levels_;  ///< by degree - 1: place within the degree
  std::vector<std::int64_t> begins_;                     ///< by degree - 1: place of the degree
};

/// Sum of coefficient x (column - center) / scale over the terms, [N,1].
Value sum_of_terms(GraphBuilder& graph, const Value& features, const LassoModel& model,
                   std::span<const LassoTerm> terms, std::span<const Column> columns) {
  const std::size_t width = model.features.size();
  const Value base = model.recipe.log_scale ? log1p_of(graph, features) : features;
  ProductColumns polynomial(base, width, ProductColumns::Order::kFromTheRight);
  ProductColumns special(features, width, ProductColumns::Order::kFromTheLeft);
  const auto products = [&](const LassoTerm& term) -> ProductColumns& {
    return columns[term.column].special ? special : polynomial;
  };
  for (const LassoTerm& term : terms) products(term).need(columns[term.column].factors);
  std::vector<Value> parts;
  std::int64_t count = 0;
  polynomial.build(graph, parts, count);
  special.build(graph, parts, count);

  std::vector<std::int64_t> places;
  std::vector<double> centers;
  std::vector<double> scales;
  std::vector<double> coefficients;
  for (const LassoTerm& term : terms) {
    places.push_back(products(term).place_of(columns[term.column].factors));
    centers.push_back(term.center);
    scales.push_back(term.scale);
    coefficients.push_back(term.coefficient);
  }
  const Value kept = graph.gather(graph.concat(parts), places, static_cast<std::size_t>(count));
  const Value scaled = graph.divide(graph.subtract(kept, graph.constant(centers, 1, terms.size())),
                                    graph.constant(scales, 1, terms.size()));
  return graph.product(scaled, graph.constant(coefficients, terms.size(), 1));
}

}  // namespace

std::string_view onnx_output(Target target) {
  return target == Target::kPower ? "power_w" : "run_time_ms";
}

std::vector<std::string> onnx_inputs(const LassoModel& model) {
  return model.features;
}

Expected<std::string> to_onnx(const LassoModel& model) {
  const auto columns = pipeline_columns(model.features, model.recipe);
  if (!columns) return tl::unexpected(columns.error());
  std::vector<LassoTerm> terms;
  double constant = model.intercept;
  for (const LassoTerm& term : model.terms) {
    if (term.column >= columns->size())
      return fail(ErrorKind::kInternal, fmt::format("a model has no column {}", term.column), {},
                  "Please report it as a bug");
    if ((*columns)[term.column].factors.empty())  // the column of ones
      constant += term.coefficient * ((1.0 - term.center) / term.scale);
    else
      terms.push_back(term);
  }
  GraphBuilder graph;
  const Value features = graph.inputs(model.features);
  Value result;
  if (terms.empty()) {
    const Value rows = graph.node("Shape", {model.features.front()});
    result = graph.node("Expand", {graph.constant(std::span(&constant, 1), 1, 1), rows});
  } else {
    result = graph.add(sum_of_terms(graph, features, model, terms, *columns), graph.constant(constant));
  }
  return graph.model(fmt::format("{}_{}", to_string(model.kind), to_string(model.target)), result,
                     onnx_output(model.target), {{"unit", std::string(unit_of(model.target))}});
}

}  // namespace joulecast
