// Runs ONNX graphs of doubles, as the operators' descriptions say: a second reader and a second arithmetic
// for what we export. Only the operators that exports have, only matrices; anything else fails the test.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "networks/onnx/model.h"

namespace joulecast::test {

class OnnxInterpreter {
 public:
  struct Array {
    std::size_t rows = 1, columns = 1;
    std::vector<double> values = {};
    [[nodiscard]] double at(std::size_t i, std::size_t j) const {
      return values.at((rows == 1 ? 0 : i) * columns + (columns == 1 ? 0 : j));
    }
  };

  /// `bytes` must live as long.
  explicit OnnxInterpreter(const std::string& bytes) {
    auto model = onnx::read_model(bytes, "export");
    if (!model) throw std::runtime_error(model.error().describe());
    model_ = std::move(*model);
    for (const auto& tensor : model_.graph.initialisers)
      constants_[std::string(tensor.name)] = array_of(tensor);
  }
  [[nodiscard]] const onnx::ModelProto& model() const { return model_; }
  [[nodiscard]] std::set<std::string> operators() const {
    std::set<std::string> names;
    for (const auto& node : model_.graph.nodes) names.emplace(node.operation);
    return names;
  }

  /// `rows` with a value for each input of the graph. Every node's inputs must be there before it.
  [[nodiscard]] std::vector<double> run(const std::vector<std::vector<double>>& rows) const {
    std::map<std::string, Array> values = constants_;
    for (std::size_t j = 0; j < model_.graph.inputs.size(); ++j) {
      Array& column = values[std::string(model_.graph.inputs[j].name)];
      column.rows = rows.size();
      for (const auto& row : rows) column.values.push_back(row.at(j));
    }
    for (const auto& node : model_.graph.nodes) {
      std::vector<Array> inputs;
      for (const auto& name : node.inputs) inputs.push_back(values.at(std::string(name)));
      values[std::string(node.outputs.at(0))] = result_of(node, inputs);
    }
    return values.at(std::string(model_.graph.outputs.at(0).name)).values;
  }

 private:
  static Array array_of(const onnx::TensorProto& tensor) {
    Array array;
    if (tensor.dimensions.size() == 2) array.rows = static_cast<std::size_t>(tensor.dimensions[0]);
    if (!tensor.dimensions.empty()) array.columns = static_cast<std::size_t>(tensor.dimensions.back());
    for (std::size_t at = 0; at < tensor.raw.size(); at += 8) {
      double number = 0.0;
      std::int64_t whole = 0;
      if (tensor.type == onnx::ElementType::kDouble)
        std::memcpy(&number, tensor.raw.data() + at, 8);
      else if (tensor.type == onnx::ElementType::kInt64)
        std::memcpy(&whole, tensor.raw.data() + at, 8);
      else
        throw std::runtime_error("a tensor of another type");
      array.values.push_back(number + static_cast<double>(whole));
    }
    EXPECT_EQ(array.values.size(), array.rows * array.columns);
    return array;
  }

  template <class Function>
  static Array broadcast(const std::vector<Array>& in, Function function) {
    Array out{1, 1};
    for (const Array& one : in) {
      out.rows = std::max(out.rows, one.rows);
      out.columns = std::max(out.columns, one.columns);
    }
    for (const Array& one : in)
      if ((one.rows != 1 && one.rows != out.rows) || (one.columns != 1 && one.columns != out.columns))
        throw std::runtime_error("shapes that do not fit");
    for (std::size_t i = 0; i < out.rows; ++i)
      for (std::size_t j = 0; j < out.columns; ++j) {
        const auto at = [&](std::size_t k) { return in.at(k).at(i, j); };
        out.values.push_back(function(at));
      }
    return out;
  }

  static Array result_of(const onnx::NodeProto& node, const std::vector<Array>& in) {
    const std::string op(node.operation);
    if (op == "Add") return broadcast(in, [](auto at) { return at(0) + at(1); });
    if (op == "Sub") return broadcast(in, [](auto at) { return at(0) - at(1); });
    if (op == "Mul") return broadcast(in, [](auto at) { return at(0) * at(1); });
    if (op == "Div") return broadcast(in, [](auto at) { return at(0) / at(1); });
    if (op == "Pow") return broadcast(in, [](auto at) { return std::pow(at(0), at(1)); });
    if (op == "Log") return broadcast(in, [](auto at) { return std::log(at(0)); });
    if (op == "Exp") return broadcast(in, [](auto at) { return std::exp(at(0)); });
    if (op == "Neg") return broadcast(in, [](auto at) { return -at(0); });
    if (op == "Sqrt") return broadcast(in, [](auto at) { return std::sqrt(at(0)); });
    if (op == "Equal") return broadcast(in, [](auto at) { return at(0) == at(1) ? 1.0 : 0.0; });
    if (op == "Where") return broadcast(in, [](auto at) { return at(0) != 0.0 ? at(1) : at(2); });
    if (op == "Shape") return {1, 2, {static_cast<double>(in[0].rows), static_cast<double>(in[0].columns)}};
    if (op == "Expand")
      return broadcast({in[0], Array{static_cast<std::size_t>(in[1].values.at(0)), 1,
                                     std::vector<double>(static_cast<std::size_t>(in[1].values.at(0)))}},
                       [](auto at) { return at(0); });
    if (op == "Reshape") return in[0].columns == 1 ? in[0] : throw std::runtime_error("no column");
    if (op == "MatMul") return product(in[0], in[1]);
    if (node.attributes.size() != 1 || node.attributes[0].name != "axis" || node.attributes[0].i != 1)
      throw std::runtime_error("an operator that is not known: " + op);
    return op == "Concat" ? concat(in) : op == "Gather" ? gather(in[0], in[1]) : throw std::runtime_error(op);
  }

  static Array product(const Array& a, const Array& b) {
    if (a.columns != b.rows) throw std::runtime_error("matrices that do not fit");
    Array out{a.rows, b.columns};
    for (std::size_t i = 0; i < a.rows; ++i)
      for (std::size_t j = 0; j < b.columns; ++j) {
        double sum = 0.0;
        for (std::size_t k = 0; k < a.columns; ++k) sum += a.at(i, k) * b.at(k, j);
        out.values.push_back(sum);
      }
    return out;
  }

  static Array concat(const std::vector<Array>& in) {
    Array out{in.at(0).rows, 0};
    for (const Array& one : in) out.columns += one.columns;
    for (std::size_t i = 0; i < out.rows; ++i)
      for (const Array& one : in)
        for (std::size_t j = 0; j < one.columns; ++j) out.values.push_back(one.at(i, j));
    return out;
  }

  static Array gather(const Array& from, const Array& columns) {
    Array out{from.rows, columns.values.size()};
    for (std::size_t i = 0; i < from.rows; ++i)
      for (const double column : columns.values) {
        if (column < 0.0 || column >= static_cast<double>(from.columns))
          throw std::runtime_error("no such column");
        out.values.push_back(from.at(i, static_cast<std::size_t>(column)));
      }
    return out;
  }

  onnx::ModelProto model_;
  std::map<std::string, Array> constants_;
};

}  // namespace joulecast::test
