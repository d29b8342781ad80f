// Field numbers: onnx.proto of ONNX 1.19 (IR version 12). As protobuf's own parsers do, unknown fields are
// skipped, a field of an unexpected wire type counts as unknown, of a number given twice the last holds, and
// repeated numbers come packed or one by one.
#include <bit>

#include <fmt/format.h>

#include "networks/onnx/model.h"

namespace joulecast::onnx {
namespace {

constexpr int kMaxDepth = 64;  // subgraphs within subgraphs

class ModelReader {
 public:
  explicit ModelReader(std::string_view source) : source_(source) {}

  Expected<ModelProto> read(std::string_view file) {
    ModelProto model;
    each({file, 0}, [&](const Field& field) {
      if (field.number == 1 && field.is_varint()) model.ir_version = field.as_signed();
      if (!field.is_bytes()) return;
      if (field.number == 7) {
        model.has_graph = true;
        graph(field.bytes, model.graph, 0);
      }
      if (field.number == 8) operator_set(field.bytes, model);
    });
    if (fault_)
      return fail(ErrorKind::kMalformed, "no valid ONNX model: " + fault_->reason,
                  {std::string(source_), 0, fault_->byte}, "Export or copy the model again");
    return model;
  }

 private:
  template <class Visit>
  void each(Bytes message, Visit visit) {
    FieldReader reader(message);
    while (!fault_) {
      const auto field = reader.next();
      if (!field) break;
      visit(*field);
    }
    if (reader.fault() && !fault_) fault_ = reader.fault();
  }

  /// Repeated numbers, packed or not.
  template <class Add>
  void numbers(const Field& field, Field::Kind kind, Add add) {
    if (field.kind == kind) {
      add(field.value);
      return;
    }
    if (!field.is_bytes()) return;
    if (kind == Field::Kind::kVarint) {
      FieldReader reader(field.bytes);
      while (!reader.at_end()) {
        const auto value = reader.next_varint();
        if (!value) break;
        if (!add(*value)) return;
      }
      if (reader.fault() && !fault_) fault_ = reader.fault();
      return;
    }
    const std::size_t width = kind == Field::Kind::kFixed64 ? 8 : 4;
    if (field.bytes.text.size() % width != 0) {
      if (!fault_) fault_ = WireFault{"a list of numbers is cut off", field.offset};
      return;
    }
    for (std::size_t at = 0; at < field.bytes.text.size(); at += width) {
      std::uint64_t value = 0;
      for (std::size_t i = 0; i < width; ++i)
        value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(field.bytes.text[at + i])) << (8 * i);
      if (!add(value)) return;
    }
  }

  static float as_float(std::uint64_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits)); }

  void operator_set(Bytes message, ModelProto& model) {
    std::string_view domain;
    std::int64_t version = 0;
    each(message, [&](const Field& field) {
      if (field.number == 1 && field.is_bytes()) domain = field.bytes.text;
      if (field.number == 2 && field.is_varint()) version = field.as_signed();
    });
    if (domain.empty() || domain == "ai.onnx") model.opset = version;
  }

  void tensor(Bytes message, TensorProto& to) {
    to.offset = message.offset;
    const auto keep_int = [&to](std::uint64_t value) {
      if (to.ints.size() < kMaxContent) to.ints.push_back(static_cast<std::int64_t>(value));
      return to.ints.size() < kMaxContent;
    };
    const auto keep_float = [&to](double value) {
      if (to.floats.size() < kMaxContent) to.floats.push_back(value);
      return to.floats.size() < kMaxContent;
    };
    each(message, [&](const Field& field) {
      switch (field.number) {
        case 1:
          numbers(field, Field::Kind::kVarint, [&to](std::uint64_t value) {
            to.dimensions.push_back(static_cast<std::int64_t>(value));
            return true;
          });
          break;
        case 2:
          if (field.is_varint()) to.type = static_cast<ElementType>(static_cast<std::int32_t>(field.value));
          break;
        case 4:
          numbers(field, Field::Kind::kFixed32, [&](std::uint64_t v) { return keep_float(as_float(v)); });
          break;
        case 5:
        case 7:
        case 11:
          numbers(field, Field::Kind::kVarint, keep_int);
          break;
        case 8:
          if (field.is_bytes()) to.name = field.bytes.text;
          break;
        case 9:
          if (field.is_bytes()) to.raw = field.bytes.text;
          break;
        case 10:
          numbers(field, Field::Kind::kFixed64,
                  [&](std::uint64_t v) { return keep_float(std::bit_cast<double>(v)); });
          break;
        case 14:
          if (field.is_varint()) to.external = field.value == 1;
          break;
        default:
          break;
      }
    });
  }

  /// SparseTensorProto: the name is that of its values, the shape its own.
  void sparse_tensor(Bytes message, TensorProto& to) {
    TensorProto values;
    each(message, [&](const Field& field) {
      if (field.number == 1 && field.is_bytes()) tensor(field.bytes, values);
      if (field.number == 3) {
        numbers(field, Field::Kind::kVarint, [&to](std::uint64_t value) {
          to.dimensions.push_back(static_cast<std::int64_t>(value));
          return true;
        });
      }
    });
    to.name = values.name;
    to.type = values.type;
    to.external = true;  // its elements are not in their places
    to.offset = message.offset;
  }

  void attribute(Bytes message, Attribute& to, int depth) {
    each(message, [&](const Field& field) {
      switch (field.number) {
        case 1:
          if (field.is_bytes()) to.name = field.bytes.text;
          break;
        case 2:
          if (field.kind == Field::Kind::kFixed32) to.f = as_float(field.value);
          break;
        case 3:
          if (field.is_varint()) to.i = field.as_signed();
          break;
        case 4:
          if (field.is_bytes()) to.s = field.bytes.text;
          break;
        case 5:
          if (!field.is_bytes()) break;
          if (to.tensors.empty()) to.tensors.emplace_back();
          tensor(field.bytes, to.tensors.front());
          break;
        case 6:
        case 11:
          if (field.is_bytes()) subgraph(field.bytes, to, depth);
          break;
        case 7:
          numbers(field, Field::Kind::kFixed32, [&](std::uint64_t v) {
            to.floats.push_back(as_float(v));
            return true;
          });
          break;
        case 8:
          numbers(field, Field::Kind::kVarint, [&](std::uint64_t v) {
            to.ints.push_back(static_cast<std::int64_t>(v));
            return true;
          });
          break;
        default:
          break;
      }
    });
  }

  /// Of the branches of an If or the body of a Loop only what they read matters: it must not be fused away.
  void subgraph(Bytes message, Attribute& to, int depth) {
    if (depth >= kMaxDepth) {
      if (!fault_) fault_ = WireFault{"graphs are nested too deeply", message.offset};
      return;
    }
    GraphProto inner;
    graph(message, inner, depth + 1);
    for (const NodeProto& node : inner.nodes) {
      to.captured.insert(to.captured.end(), node.inputs.begin(), node.inputs.end());
      for (const Attribute& one : node.attributes)
        to.captured.insert(to.captured.end(), one.captured.begin(), one.captured.end());
    }
    for (const ValueInfo& output : inner.outputs) to.captured.push_back(output.name);
  }

  void node(Bytes message, NodeProto& to, int depth) {
    to.offset = message.offset;
    each(message, [&](const Field& field) {
      if (!field.is_bytes()) return;
      switch (field.number) {
        case 1:
          to.inputs.push_back(field.bytes.text);
          break;
        case 2:
          to.outputs.push_back(field.bytes.text);
          break;
        case 3:
          to.name = field.bytes.text;
          break;
        case 4:
          to.operation = field.bytes.text;
          break;
        case 5:
          attribute(field.bytes, to.attributes.emplace_back(), depth);
          break;
        case 7:
          to.domain = field.bytes.text == "ai.onnx" ? std::string_view() : field.bytes.text;
          break;
        default:
          break;
      }
    });
  }

  void dimension(Bytes message, Dimension& to) {
    each(message, [&](const Field& field) {
      if (field.number == 1 && field.is_varint()) to = {field.as_signed(), {}};
      if (field.number == 2 && field.is_bytes()) to = {-1, field.bytes.text};
    });
  }

  void tensor_type(Bytes message, ValueInfo& to) {
    to.is_tensor = true;
    each(message, [&](const Field& field) {
      if (field.number == 1 && field.is_varint())
        to.type = static_cast<ElementType>(static_cast<std::int32_t>(field.value));
      if (field.number != 2 || !field.is_bytes()) return;
      to.has_shape = true;
      each(field.bytes, [&](const Field& inner) {
        if (inner.number == 1 && inner.is_bytes()) dimension(inner.bytes, to.dimensions.emplace_back());
      });
    });
  }

  void value_info(Bytes message, ValueInfo& to) {
    to.offset = message.offset;
    each(message, [&](const Field& field) {
      if (field.number == 1 && field.is_bytes()) to.name = field.bytes.text;
      if (field.number != 2 || !field.is_bytes()) return;
      each(field.bytes, [&](const Field& inner) {
        if (inner.number == 1 && inner.is_bytes()) tensor_type(inner.bytes, to);
      });
    });
  }

  void graph(Bytes message, GraphProto& to, int depth) {
    each(message, [&](const Field& field) {
      if (!field.is_bytes()) return;
      switch (field.number) {
        case 1:
          node(field.bytes, to.nodes.emplace_back(), depth);
          break;
        case 2:
          to.name = field.bytes.text;
          break;
        case 5:
          tensor(field.bytes, to.initialisers.emplace_back());
          break;
        case 11:
          value_info(field.bytes, to.inputs.emplace_back());
          break;
        case 12:
          value_info(field.bytes, to.outputs.emplace_back());
          break;
        case 13:
          value_info(field.bytes, to.values.emplace_back());
          break;
        case 15:
          sparse_tensor(field.bytes, to.initialisers.emplace_back());
          break;
        default:
          break;
      }
    });
  }

  std::string_view source_;
  std::optional<WireFault> fault_;
};

}  // namespace

Expected<ModelProto> read_model(std::string_view file, std::string_view source) {
  return ModelReader(source).read(file);
}

}  // namespace joulecast::onnx
