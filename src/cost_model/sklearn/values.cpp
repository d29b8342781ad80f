#include "cost_model/sklearn/values.h"

#include <fmt/format.h>

namespace joulecast::sklearn {
namespace {

constexpr std::size_t kLongestWay = 300;

std::string_view plain_words(ValueKind kind) {
  switch (kind) {
    case ValueKind::kNone:
      return "None";
    case ValueKind::kTruth:
      return "a truth value";
    case ValueKind::kInteger:
      return "a whole number";
    case ValueKind::kReal:
      return "a number";
    case ValueKind::kText:
      return "a text";
    case ValueKind::kBytes:
      return "a string of bytes";
    case ValueKind::kTuple:
      return "a tuple";
    case ValueKind::kList:
      return "a list";
    case ValueKind::kDict:
      return "a dict";
    case ValueKind::kSet:
      return "a set";
    case ValueKind::kArray:
      return "an array";
    default:
      return "something unknown";
  }
}

}  // namespace

std::string clipped(std::string_view name) {
  constexpr std::size_t kMost = 150;
  return name.size() <= kMost ? std::string(name) : std::string(name.substr(0, kMost)) + "...";
}

std::string way_to(std::string_view path, std::string_view name) {
  if (path.size() > kLongestWay) return std::string(path);
  return path.empty() ? clipped(name) : fmt::format("{}.{}", path, clipped(name));
}

std::string way_to(std::string_view path, std::size_t index) {
  return path.size() > kLongestWay ? std::string(path) : fmt::format("{}[{}]", path, index);
}

bool is_global(const Values& values, ValueId id, std::string_view module, std::string_view name) {
  const Value& value = values[id];
  return value.kind == ValueKind::kGlobal && values[value.items[0]].text == module &&
         values[value.items[1]].text == name;
}

std::string dotted_name(const Values& values, ValueId id) {
  const Value& value = values[id];
  if (value.kind != ValueKind::kGlobal) return {};
  return fmt::format("{}.{}", clipped(values[value.items[0]].text), clipped(values[value.items[1]].text));
}

std::string described(const Values& values, ValueId id) {
  const Value& value = values[id];
  switch (value.kind) {
    case ValueKind::kGlobal:
      return dotted_name(values, id);
    case ValueKind::kOpaque:
      return std::string(value.text);
    case ValueKind::kObject: {
      const std::string name = dotted_name(values, value.items[0]);
      return name.empty() ? "an object of a class that is stored in the file" : "the class " + name;
    }
    case ValueKind::kCall: {
      const std::string name = dotted_name(values, value.items[0]);
      return name.empty() ? "a call of what another call returns" : "a call of " + name;
    }
    default:
      return std::string(plain_words(value.kind));
  }
}

}  // namespace joulecast::sklearn
