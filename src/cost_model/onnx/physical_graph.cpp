// A physical model as an ONNX graph: from the terms of a layer on. Which terms a layer has is not in it.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "cost_model/onnx/graph_builder.h"
#include "cost_model/physical/terms.h"
#include "joulecast/onnx_export.h"

namespace joulecast {
namespace {

using onnx_export::GraphBuilder;
using onnx_export::Value;

/// In the order of log_sizes_of.
constexpr std::array<std::string_view, kSizes> kSizeNames = {"log_rows",   "log_columns",    "log_depth",
                                                             "log_groups", "log_traffic_mb", "log_other_gop",
                                                             "log_stride", "is_depthwise"};

/// A layer has no kCall, and no run time but for models of energy.
bool is_input(PhysicalTerm term, PhysicalTarget target) {
  return term != PhysicalTerm::kCall && (term != PhysicalTerm::kActive || target == PhysicalTarget::kEnergy);
}

std::vector<PhysicalTerm> input_terms(PhysicalTarget target) {
  std::vector<PhysicalTerm> terms;
  for (std::size_t j = 0; j < kPhysicalTerms; ++j)
    if (const auto term = static_cast<PhysicalTerm>(j); is_input(term, target)) terms.push_back(term);
  return terms;
}

class PhysicalGraph {
 public:
  PhysicalGraph(GraphBuilder& graph, const PhysicalModel& model, Value terms)
      : graph_(graph), model_(model), inputs_(input_terms(model.target)), terms_(std::move(terms)) {}

  /// Weighted sum over the recipes. What stands outside their corners is linear, and so is a corner of 1:
  /// one product for all recipes.
  Value average() {
    std::vector<double> linear(inputs_.size(), 0.0);
    std::map<double, std::vector<const PhysicalFit*>> by_corner;
    for (const PhysicalFit& fit : model_.fits) {
      for (std::size_t j = 0; j < inputs_.size(); ++j)
        if (!is_cornered(fit, j)) linear[j] += fit.weight * fit.coefficients[index(inputs_[j])];
      if (fit.recipe.corner != 1.0) by_corner[fit.recipe.corner].push_back(&fit);
    }
    Value sum = graph_.product(terms_, graph_.constant(linear, linear.size(), 1));
    for (const auto& [corner, fits] : by_corner) {
      std::vector<double> weights;
      for (const PhysicalFit* fit : fits) weights.push_back(fit->weight);
      sum = graph_.add(
          sum, graph_.product(corner_of_all(corner, fits), graph_.constant(weights, weights.size(), 1)));
    }
    return sum;
  }

  /// log(measured / predicted) that the Gaussian process expects. Distances are added up coordinate by
  /// coordinate, as gaussian_process_mean does: the shorter way over inner products loses half of the digits.
  Value residual_mean(const PhysicalResidual& residual, const Value& sizes) {
    const std::size_t points = residual.weights.size();
    const Value at = graph_.divide(graph_.subtract(sizes, graph_.constant(residual.center, 1, kSizes)),
                                   graph_.constant(residual.scale, 1, kSizes));
    Value squares;
    for (std::size_t j = 0; j < kSizes; ++j) {
      const std::array column = {static_cast<std::int64_t>(j)};
      const std::span<const double> places = std::span(residual.points).subspan(j * points, points);
      const Value difference =
          graph_.subtract(graph_.constant(places, 1, points), graph_.gather(at, column, kSizes));
      const Value square = graph_.multiply(difference, difference);
      squares = j == 0 ? square : graph_.add(squares, square);
    }
    const Value s =
        graph_.multiply(graph_.node("Sqrt", {squares}), graph_.constant(std::sqrt(5.0) / residual.length));
    const Value third = graph_.multiply(graph_.multiply(s, s), graph_.constant(1.0 / 3.0));
    const Value polynomial = graph_.add(graph_.add(graph_.constant(1.0), s), third);
    const Value kernel = graph_.multiply(polynomial, graph_.node("Exp", {graph_.node("Neg", {s})}));
    return graph_.product(kernel, graph_.constant(residual.weights, points, 1));
  }

 private:
  [[nodiscard]] bool is_cornered(const PhysicalFit& fit, std::size_t input) const {
    if (fit.recipe.corner == 1.0) return false;
    const TermGroup group = group_of(index(inputs_[input]));
    return group == TermGroup::kArithmetic || group == TermGroup::kTraffic ||
           (group == TermGroup::kLaunches && fit.recipe.overlap);
  }

  /// One of the sums inside the corner, a column a recipe.
  Value sums(TermGroup group, const std::vector<const PhysicalFit*>& fits) {
    std::vector<double> coefficients;
    for (std::size_t j = 0; j < inputs_.size(); ++j)
      for (const PhysicalFit* fit : fits)
        coefficients.push_back(is_cornered(*fit, j) && group_of(index(inputs_[j])) == group
                                   ? fit->coefficients[index(inputs_[j])]
                                   : 0.0);
    return graph_.product(terms_, graph_.constant(coefficients, inputs_.size(), fits.size()));
  }

  /// (a^p + b^p + c^p)^(1/p), a column a recipe of this p.
  Value corner_of_all(double corner, const std::vector<const PhysicalFit*>& fits) {
    const auto power = [&](const Value& x) {
      if (corner != 2.0 && corner != 4.0) return graph_.node("Pow", {x, graph_.constant(corner)});
      const Value square = graph_.multiply(x, x);
      return corner == 2.0 ? square : graph_.multiply(square, square);
    };
    Value total = power(sums(TermGroup::kLaunches, fits));
    total = graph_.add(total, power(sums(TermGroup::kArithmetic, fits)));
    total = graph_.add(total, power(sums(TermGroup::kTraffic, fits)));
    if (corner != 2.0 && corner != 4.0) return graph_.node("Pow", {total, graph_.constant(1.0 / corner)});
    const Value root = graph_.node("Sqrt", {total});
    return corner == 2.0 ? root : graph_.node("Sqrt", {root});
  }

  GraphBuilder& graph_;
  const PhysicalModel& model_;
  std::vector<PhysicalTerm> inputs_;
  Value terms_;  ///< [N, inputs]
};

}  // namespace

std::string_view onnx_output(PhysicalTarget target) {
  return target == PhysicalTarget::kRunTime ? "run_time_ms" : "energy_mj";
}

std::vector<std::string> physical_input_names() {
  std::vector<std::string> names;
  for (const PhysicalTerm term : input_terms(PhysicalTarget::kEnergy)) names.emplace_back(to_string(term));
  names.insert(names.end(), kSizeNames.begin(), kSizeNames.end());
  return names;
}

std::vector<double> physical_input_values(const PhysicalDevice& device, const LayerGeometry& layer,
                                          double run_time_ms) {
  const LayerDemand demand = layer.kind == LayerKind::kNone ? LayerDemand{} : demand_of(layer);
  PhysicalValues values{};
  if (layer.kind != LayerKind::kNone) values = terms_of(demand, layer, device);
  values[index(PhysicalTerm::kActive)] = run_time_ms;
  std::vector<double> all;
  for (const PhysicalTerm term : input_terms(PhysicalTarget::kEnergy)) all.push_back(values[index(term)]);
  const auto sizes = log_sizes_of(demand, layer);
  all.insert(all.end(), sizes.begin(), sizes.end());
  return all;
}

std::vector<std::string> onnx_inputs(const PhysicalModel& model) {
  std::vector<std::string> names;
  for (const PhysicalTerm term : input_terms(model.target)) names.emplace_back(to_string(term));
  if (model.residual) names.insert(names.end(), kSizeNames.begin(), kSizeNames.end());
  return names;
}

Expected<std::string> to_onnx(const PhysicalModel& model) {
  GraphBuilder graph;
  const std::vector<std::string> names = onnx_inputs(model);
  const std::size_t terms = names.size() - (model.residual ? kSizes : 0);
  const Value inputs = graph.inputs(std::span(names).first(terms));
  PhysicalGraph physical(graph, model, inputs);
  Value value = physical.average();
  if (model.residual) {
    const Value sizes = graph.inputs(std::span(names).subspan(terms));
    const Value mean = physical.residual_mean(*model.residual, sizes);
    value = graph.multiply(value, graph.node("Exp", {mean}));
  }
  return graph.model(fmt::format("physical_{}", to_string(model.target)), value, onnx_output(model.target),
                     {{"unit", std::string(unit_of(model.target))}});
}

}  // namespace joulecast
