// Writes small ONNX models, field by field, so that a test can say what a file holds.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace joulecast::test {

/// One protobuf message.
class Message {
 public:
  Message& number(std::uint32_t field, std::uint64_t value) {
    varint(field << 3U);
    varint(value);
    return *this;
  }
  Message& bytes(std::uint32_t field, std::string_view value) {
    varint(field << 3U | 2U);
    varint(value.size());
    text_ += value;
    return *this;
  }
  Message& message(std::uint32_t field, const Message& inner) { return bytes(field, inner.text_); }
  /// The head of a field of so many bytes, which the caller writes.
  Message& head(std::uint32_t field, std::uint64_t length) {
    varint(field << 3U | 2U);
    varint(length);
    return *this;
  }
  Message& single(std::uint32_t field, float value) {
    varint(field << 3U | 5U);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (unsigned i = 0; i < 4; ++i) text_ += static_cast<char>(bits >> (8 * i) & 0xffU);
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) text_ += static_cast<char>(value | 0x80U);
    text_ += static_cast<char>(value);
  }
  std::string text_;
};

using Dimensions = std::vector<std::int64_t>;

inline Message attribute(std::string_view name, std::int64_t value) {
  return Message().bytes(1, name).number(3, static_cast<std::uint64_t>(value)).number(20, 2);
}
inline Message attribute(std::string_view name, const Dimensions& values) {
  Message m;
  m.bytes(1, name);
  for (const std::int64_t v : values) m.number(8, static_cast<std::uint64_t>(v));
  return m.number(20, 7);
}
inline Message attribute(std::string_view name, std::string_view value) {
  return Message().bytes(1, name).bytes(4, value).number(20, 3);
}

/// A model of one graph. Weights have shapes and no elements.
class OnnxWriter {
 public:
  OnnxWriter& input(std::string_view name, const Dimensions& dims, int type = 1) {
    return value(11, name, dims, type);
  }
  OnnxWriter& output(std::string_view name) {
    graph_.message(12, Message().bytes(1, name));
    return *this;
  }
  OnnxWriter& weights(std::string_view name, const Dimensions& dims) {
    graph_.message(5, tensor(name, dims, 1));
    return *this;
  }
  /// A constant vector of whole numbers.
  OnnxWriter& integers(std::string_view name, const Dimensions& values) {
    Message m = tensor(name, {static_cast<std::int64_t>(values.size())}, 7);
    for (const std::int64_t v : values) m.number(7, static_cast<std::uint64_t>(v));
    graph_.message(5, m);
    return *this;
  }
  OnnxWriter& node(std::string_view op, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& outputs, const std::vector<Message>& attributes = {},
                   std::string_view domain = "") {
    Message m;
    for (const auto& one : inputs) m.bytes(1, one);
    for (const auto& one : outputs) m.bytes(2, one);
    m.bytes(3, outputs.front() + "_" + std::string(op)).bytes(4, op);
    for (const Message& one : attributes) m.message(5, one);
    if (!domain.empty()) m.bytes(7, domain);
    graph_.message(1, m);
    return *this;
  }
  OnnxWriter& stated(std::string_view name, const Dimensions& dims) { return value(13, name, dims, 1); }

  [[nodiscard]] const Message& graph() const { return graph_; }
  [[nodiscard]] std::string model(std::int64_t opset = 17) const {
    Message m;
    m.number(1, 8).message(7, graph_);
    m.message(8, Message().bytes(1, "").number(2, static_cast<std::uint64_t>(opset)));
    return m.text();
  }

 private:
  static Message tensor(std::string_view name, const Dimensions& dims, int type) {
    Message m;
    for (const std::int64_t d : dims) m.number(1, static_cast<std::uint64_t>(d));
    return m.number(2, static_cast<std::uint64_t>(type)).bytes(8, name);
  }
  OnnxWriter& value(std::uint32_t field, std::string_view name, const Dimensions& dims, int type) {
    Message shape;
    for (const std::int64_t d : dims) {
      Message dimension;
      d < 0 ? dimension.bytes(2, "N") : dimension.number(1, static_cast<std::uint64_t>(d));
      shape.message(1, dimension);
    }
    Message tensor_type;
    tensor_type.number(1, static_cast<std::uint64_t>(type)).message(2, shape);
    graph_.message(field, Message().bytes(1, name).message(2, Message().message(1, tensor_type)));
    return *this;
  }
  Message graph_;
};

}  // namespace joulecast::test
