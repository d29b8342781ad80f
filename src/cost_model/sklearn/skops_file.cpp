#include "cost_model/sklearn/skops_file.h"

#include <set>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json_fault.h"
#include "cost_model/sklearn/npy.h"
#include "cost_model/sklearn/stored_zip.h"

namespace joulecast::sklearn {
namespace {

constexpr std::size_t kMaxJsonDepth = 64;
constexpr std::uint64_t kProtocol = 2;

using Element = simdjson::dom::element;
using Members = std::map<std::string, std::string_view, std::less<>>;

/// Turns nodes into values. Its recursion is as deep as the JSON, which the parser bounds.
class SkopsReader {
 public:
  SkopsReader(const Members& members, std::string_view source) : members_(members), source_(source) {}

  Expected<Pickled> read() {
    const auto schema = members_.find("schema.json");
    if (schema == members_.end()) {
      fault(ErrorKind::kMalformed, "the archive has no schema.json");
      return tl::unexpected(*error_);
    }
    simdjson::dom::parser parser;
    Element root;
    auto code = parser.allocate(schema->second.size() + 1, kMaxJsonDepth);
    if (code == simdjson::SUCCESS) code = parser.parse(simdjson::padded_string(schema->second)).get(root);
    if (code != simdjson::SUCCESS)
      return tl::unexpected(json_fault(schema->second, fmt::format("{} (schema.json)", source_),
                                       simdjson::error_message(code), kFetchAgain));
    std::uint64_t protocol = 0;
    if (root["protocol"].get(protocol) != simdjson::SUCCESS || protocol != kProtocol)
      fault(ErrorKind::kUnfit, fmt::format("is not of skops' protocol {}, the one that is read", kProtocol));
    const ValueId id = node(root, "");
    if (error_) return tl::unexpected(std::move(*error_));
    return Pickled{std::move(values_), id};
  }

 private:
  void fault(ErrorKind kind, std::string message) {
    if (!error_) error_ = Error{kind, std::move(message), {std::string(source_), 0, {}}, kFetchAgain};
  }
  ValueId damaged(const std::string& path, std::string_view what) {
    fault(ErrorKind::kMalformed, fmt::format("schema.json, {}: {}", path.empty() ? "the whole" : path, what));
    return kNoValue;
  }

  ValueId add(Value value) {
    links_ += value.items.size();
    if (values_.size() >= Values::kMaxValues || links_ > Values::kMaxLinks) {
      fault(ErrorKind::kUnfit,
            fmt::format("more than {} values are not read as a model", Values::kMaxValues));
      return kNoValue;
    }
    return values_.add(std::move(value));
  }
  ValueId add_text(std::string_view text) {
    return add({.kind = ValueKind::kText, .text = values_.keep(std::string(text))});
  }
  ValueId add_opaque(std::string what) {
    return add({.kind = ValueKind::kOpaque, .text = values_.keep(std::move(what))});
  }

  static std::string_view text_of(const Element& element, std::string_view key) {
    std::string_view text;
    if (element[key].get(text) != simdjson::SUCCESS) return {};
    return text;
  }

  ValueId node(const Element& element, const std::string& path) {
    if (error_) return kNoValue;
    const std::string_view loader = text_of(element, "__loader__");
    if (loader.empty()) return damaged(path, "is no node");
    if (loader == "ObjectNode") return object(element, path);
    if (loader == "DictNode") return dict(element, path);
    if (loader == "ListNode") return sequence(element, ValueKind::kList, path);
    if (loader == "TupleNode") return sequence(element, ValueKind::kTuple, path);
    if (loader == "JsonNode") return leaf(element, path);
    if (loader == "NdArrayNode") return array(element, path);
    if (loader == "FunctionNode" || loader == "TypeNode") return global(element);
    if (loader == "CachedNode") {
      fault(ErrorKind::kUnfit, fmt::format("schema.json, {}: a CachedNode is not read", path));
      return kNoValue;
    }
    return add_opaque(
        fmt::format("a {} of {}.{}", loader, text_of(element, "__module__"), text_of(element, "__class__")));
  }

  ValueId global(const Element& element) {
    const ValueId module = add_text(text_of(element, "__module__"));
    const ValueId name = add_text(text_of(element, "__class__"));
    return add({.kind = ValueKind::kGlobal, .items = {module, name}});
  }

  ValueId object(const Element& element, const std::string& path) {
    const ValueId type = global(element);
    const ValueId arguments = add({.kind = ValueKind::kTuple});
    Element content;
    ValueId state = kNoValue;
    if (element["content"].get(content) == simdjson::SUCCESS && !content.is_null())
      state = node(content, path);
    return add({.kind = ValueKind::kObject, .state = state, .items = {type, arguments}});
  }

  ValueId dict(const Element& element, const std::string& path) {
    simdjson::dom::object content;
    if (element["content"].get(content) != simdjson::SUCCESS) return damaged(path, "a dict has no content");
    Value value{.kind = ValueKind::kDict};
    for (const auto field : content) {
      value.items.push_back(add_text(field.key));
      value.items.push_back(node(field.value, way_to(path, field.key)));
    }
    return add(std::move(value));
  }

  ValueId sequence(const Element& element, ValueKind kind, const std::string& path) {
    simdjson::dom::array content;
    if (element["content"].get(content) != simdjson::SUCCESS) return damaged(path, "a list has no content");
    Value value{.kind = kind};
    for (const auto item : content) {
      const std::string place = way_to(path, value.items.size());
      value.items.push_back(node(item, place));
    }
    return add(std::move(value));
  }

  /// A text that holds JSON: null, a truth value, a number or a text in quotes.
  ValueId leaf(const Element& element, const std::string& path) {
    std::string_view text;
    Element item;
    if (element["content"].get(text) != simdjson::SUCCESS) return damaged(path, "a value has no content");
    // Python writes NaN and Infinity, which are no JSON; no setting of ours may be one of them.
    if (leaf_parser_.parse(simdjson::padded_string(text)).get(item) != simdjson::SUCCESS)
      return add_opaque("a value that is no JSON");
    switch (item.type()) {
      case simdjson::dom::element_type::NULL_VALUE:
        return add({});
      case simdjson::dom::element_type::BOOL:
        return add({.kind = ValueKind::kTruth, .flag = item.get_bool().value_unsafe()});
      case simdjson::dom::element_type::INT64: {
        Value value{.kind = ValueKind::kInteger};
        value.integer = item.get_int64().value_unsafe();
        return add(std::move(value));
      }
      case simdjson::dom::element_type::UINT64:  // above 2^63: nothing of a model
      case simdjson::dom::element_type::DOUBLE: {
        Value value{.kind = ValueKind::kReal};
        value.real = item.get_double().value_unsafe();
        return add(std::move(value));
      }
      case simdjson::dom::element_type::STRING:
        return add_text(item.get_string().value_unsafe());
      default:
        return add_opaque("a value in JSON");
    }
  }

  ValueId array(const Element& element, const std::string& path) {
    const std::string_view type = text_of(element, "type");
    // Objects: a list of nodes stands in for the array.
    if (type == "json") {
      Element content;
      return element["content"].get(content) == simdjson::SUCCESS ? object_array(content, path)
                                                                  : damaged(path, "an array has no content");
    }
    if (type != "numpy") return add_opaque(fmt::format("an array of type {}", type));
    const std::string_view name = text_of(element, "file");
    const auto member = members_.find(name);
    if (member == members_.end())
      return damaged(path, fmt::format("its array '{}' is not there", clipped(name)));
    const auto npy = read_npy(member->second);
    if (!npy) return damaged(path, fmt::format("its array {} has no header of numpy's", clipped(name)));
    Value shape{.kind = ValueKind::kTuple};
    for (const std::size_t size : npy->shape) {
      Value one{.kind = ValueKind::kInteger};
      one.integer = static_cast<std::int64_t>(size);
      shape.items.push_back(add(std::move(one)));
    }
    const ValueId type_text = add_text(npy->type);
    const ValueId shape_tuple = add(std::move(shape));
    return add({.kind = ValueKind::kArray,
                .flag = npy->column_major,
                .text = npy->bytes,
                .items = {type_text, shape_tuple}});
  }

  ValueId object_array(const Element& content, const std::string& path) {
    simdjson::dom::array list;
    if (content.get(list) != simdjson::SUCCESS) return node(content, path);
    Value value{.kind = ValueKind::kList};
    for (const auto item : list) value.items.push_back(node(item, path));
    return add(std::move(value));
  }

  const Members& members_;
  std::string_view source_;
  Values values_;
  std::size_t links_ = 0;
  simdjson::dom::parser leaf_parser_;
  std::optional<Error> error_;
};

}  // namespace

Expected<Pickled> read_skops(std::string_view bytes, std::string_view source) {
  if (bytes.size() > kMaxModelBytes)
    return fail(ErrorKind::kUnfit,
                fmt::format("more than {} MiB are not read as a model", kMaxModelBytes >> 20U),
                {std::string(source)}, kFetchAgain);
  const auto members = read_stored_zip(bytes, source);
  if (!members) return tl::unexpected(members.error());
  return SkopsReader(*members, source).read();
}

}  // namespace joulecast::sklearn
