// A fitted pipeline folded into one polynomial of its non-zero terms.
//
// A term adds c (z - m) / s, z being a product of features. With w = c / s the sum is w z, and -w m goes into
// the constant. Terms are then hung into a tree by common first factors and evaluated by Horner's rule, so
// that x0 x3 x5 and x0 x3 share x0 x3: a multiplication and an addition a term, none for the columns (nearly
// all) whose coefficient is 0.
//
// Folding trades (z - m), which is exact or nearly so, for a difference of w z and w m. That loses about
// log10(m / s) digits when the column hardly varies around a large mean; such a term keeps its center.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <set>

#include "cost_model/columns.h"

namespace joulecast {
namespace {

constexpr double kLargestFoldedRatio = 1e4;  // of center to scale: at most four digits lost
constexpr std::size_t kBlock = 64;  // rows evaluated together: a block of values stays in the L1 cache

/// The tree while it is built.
struct Branch {
  double weight = 0.0;
  std::map<std::uint32_t, Branch> children;
};

/// std::log1p, from a table for what sizes of layers mostly are: small whole numbers.
double log1p_of(double x) {
  constexpr std::size_t kKnown = 2049;
  static const auto known = [] {
    // The compiler would make the table itself, and its log1p differs from the C library's in last digits.
    double (*volatile at_run_time)(double) = std::log1p;
    std::array<double, kKnown> values{};
    for (std::size_t i = 0; i < kKnown; ++i) values[i] = at_run_time(static_cast<double>(i));
    return values;
  }();
  if (x >= 0.0 && x < static_cast<double>(kKnown)) {
    const auto whole = static_cast<std::uint32_t>(x);
    // By bits, so that -0 keeps its sign.
    if (std::bit_cast<std::uint64_t>(static_cast<double>(whole)) == std::bit_cast<std::uint64_t>(x))
      return known[whole];
  }
  return std::log1p(x);
}

void gather_factors(const Branch& branch, std::set<std::uint32_t>& factors) {
  for (const auto& [factor, child] : branch.children) {
    factors.insert(factor);
    gather_factors(child, factors);
  }
}

}  // namespace

double LassoModel::predict(std::span<const double> row) const {
  const auto columns = pipeline_columns(features, recipe);
  double sum = 0.0;
  for (const LassoTerm& term : terms)
    sum += term.coefficient *
           ((column_value((*columns)[term.column], row, recipe.log_scale) - term.center) / term.scale);
  return sum + intercept;
}

CompiledLasso::CompiledLasso(const LassoModel& model)
    : feature_count_(model.features.size()),
      log_scale_(model.recipe.log_scale),
      minimum_(model.feature_min),
      maximum_(model.feature_max) {
  const auto columns = pipeline_columns(model.features, model.recipe);
  const auto raw_offset = static_cast<std::uint32_t>(log_scale_ ? feature_count_ : 0);
  Branch root;
  long double constant = model.intercept;
  for (const LassoTerm& term : model.terms) {
    std::vector<std::uint32_t> factors = (*columns)[term.column].factors;
    if ((*columns)[term.column].special)
      for (std::uint32_t& factor : factors) factor += raw_offset;
    std::sort(factors.begin(), factors.end());
    const double weight = term.coefficient / term.scale;
    if (std::abs(term.center) > kLargestFoldedRatio * term.scale) {
      centered_.push_back({std::move(factors), weight, term.center});
      continue;
    }
    constant -= static_cast<long double>(weight) * term.center;
    Branch* branch = &root;
    for (const std::uint32_t factor : factors) branch = &branch->children[factor];
    branch->weight += weight;
  }
  constant_ = static_cast<double>(constant + root.weight);
  if (log_scale_) {
    std::set<std::uint32_t> factors;
    gather_factors(root, factors);
    for (const CenteredTerm& term : centered_) factors.insert(term.factors.begin(), term.factors.end());
    logged_.assign(factors.begin(), factors.lower_bound(raw_offset));
  }

  // Children of a node stand side by side, so a node names them by first index and count.
  nodes_.push_back({0, 0, 0, 0.0});
  std::vector<std::pair<std::size_t, const Branch*>> pending = {{0, &root}};
  while (!pending.empty()) {
    const auto [at, branch] = pending.back();
    pending.pop_back();
    nodes_[at].first_child = static_cast<std::uint32_t>(nodes_.size());
    nodes_[at].children = static_cast<std::uint32_t>(branch->children.size());
    for (const auto& [factor, child] : branch->children) {
      pending.emplace_back(nodes_.size(), &child);
      nodes_.push_back({factor, 0, 0, child.weight});
    }
  }
}

double CompiledLasso::evaluate(const double* values) const {
  const auto value_of = [&](const auto& self, const Node& node) -> double {
    double sum = node.weight;
    const Node* child = nodes_.data() + node.first_child;
    for (std::uint32_t i = 0; i < node.children; ++i, ++child)
      sum += values[child->factor] * (child->children == 0 ? child->weight : self(self, *child));
    return sum;
  };
  double sum = constant_ + value_of(value_of, nodes_.front());
  for (const CenteredTerm& term : centered_) {
    double product = 1.0;
    for (const std::uint32_t factor : term.factors) product *= values[factor];
    sum += term.weight * (product - term.center);
  }
  return sum;
}

double CompiledLasso::predict(std::span<const double> row) const {
  if (!log_scale_) return evaluate(row.data());
  std::array<double, 64> on_stack;
  std::vector<double> on_heap;
  double* values = on_stack.data();
  if (2 * feature_count_ > on_stack.size()) {
    on_heap.resize(2 * feature_count_);
    values = on_heap.data();
  }
  std::copy_n(row.data(), feature_count_, values + feature_count_);
  for (const std::uint32_t i : logged_) values[i] = log1p_of(row[i]);
  return evaluate(values);
}

void CompiledLasso::predict(MatrixView rows, std::span<double> out) const {
  // One pass of the tree for a block of rows: the inner loops run over rows and become vector instructions.
  const std::size_t factors = feature_count_ * (log_scale_ ? 2 : 1);
  std::vector<double> values(factors * kBlock);
  const auto add_children = [&](const auto& self, const Node& node, double* sum) -> void {
    for (std::uint32_t i = 0; i < node.children; ++i) {
      const Node& child = nodes_[node.first_child + i];
      const double* factor = values.data() + child.factor * kBlock;
      if (child.children == 0) {
        for (std::size_t r = 0; r < kBlock; ++r) sum[r] += factor[r] * child.weight;
        continue;
      }
      std::array<double, kBlock> inner;
      inner.fill(child.weight);
      self(self, child, inner.data());
      for (std::size_t r = 0; r < kBlock; ++r) sum[r] += factor[r] * inner[r];
    }
  };
  for (std::size_t begin = 0; begin < rows.rows; begin += kBlock) {
    const std::size_t count = std::min(kBlock, rows.rows - begin);
    for (std::size_t j = 0; j < feature_count_; ++j) {
      const double* column = rows.data.data() + j * rows.rows + begin;
      std::copy(column, column + count, values.data() + (log_scale_ ? feature_count_ + j : j) * kBlock);
    }
    for (const std::uint32_t j : logged_) {
      const double* column = rows.data.data() + j * rows.rows + begin;
      std::transform(column, column + count, values.data() + j * kBlock, log1p_of);
    }
    std::array<double, kBlock> sum;
    sum.fill(constant_);
    add_children(add_children, nodes_.front(), sum.data());
    for (const CenteredTerm& term : centered_) {
      std::array<double, kBlock> product;
      product.fill(1.0);
      for (const std::uint32_t factor : term.factors)
        for (std::size_t r = 0; r < kBlock; ++r) product[r] *= values[factor * kBlock + r];
      for (std::size_t r = 0; r < kBlock; ++r) sum[r] += term.weight * (product[r] - term.center);
    }
    std::copy(sum.begin(), sum.begin() + static_cast<std::ptrdiff_t>(count),
              out.begin() + static_cast<std::ptrdiff_t>(begin));
  }
}

bool CompiledLasso::extrapolates(std::span<const double> row) const {
  for (std::size_t i = 0; i < minimum_.size(); ++i)
    if (row[i] < minimum_[i] || row[i] > maximum_[i]) return true;
  return false;
}

}  // namespace joulecast
