// numpy's arrays and scalars, as pickles of protocol 2 to 5 and skops files hold them.
//
// A pickle's array is a call of _reconstruct with a state (protocols up to 4) or of _frombuffer (5); a scalar
// a call of scalar; a type a call of dtype with a state that holds the order of bytes. Modules are named
// numpy.core before numpy 2 and numpy._core since.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "cost_model/sklearn/value_reader.h"

namespace joulecast::sklearn {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kMaxArrayRank = 4;
constexpr std::size_t kMaxElements = std::size_t{1} << 22U;
constexpr std::array<std::string_view, 2> kCores = {"numpy.core", "numpy._core"};

struct ElementType {
  std::string_view code;
  std::size_t size;
  double (*read)(const char*);
};

template <class T>
double read_as(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<double>(value);
}

constexpr std::array kElementTypes = {
    ElementType{"f8", 8, read_as<double>},       ElementType{"f4", 4, read_as<float>},
    ElementType{"i8", 8, read_as<std::int64_t>}, ElementType{"i4", 4, read_as<std::int32_t>},
    ElementType{"u1", 1, read_as<std::uint8_t>}, ElementType{"b1", 1, read_as<std::uint8_t>},
};

const ElementType* element_type(std::string_view code) {
  for (const ElementType& type : kElementTypes)
    if (type.code == code) return &type;
  return nullptr;
}

/// Characters up to U+00FF as bytes: protocol 2 has no other way to store bytes.
std::optional<std::string> latin1_bytes(std::string_view utf8) {
  std::string out;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    if (first < 0x80) {
      out += utf8[i];
      continue;
    }
    if ((first != 0xc2 && first != 0xc3) || i + 1 == utf8.size()) return std::nullopt;
    const auto second = static_cast<unsigned char>(utf8[++i]);
    if ((second & 0xc0U) != 0x80U) return std::nullopt;
    out += static_cast<char>(((first & 0x03U) << 6U) | (second & 0x3fU));
  }
  return out;
}

}  // namespace

struct ValueReader::Array {
  std::vector<std::size_t> shape;
  std::size_t elements = 1;
  bool column_major = false;
  bool big_endian = false;
  const ElementType* type = nullptr;  ///< none: objects
  std::string bytes;
  Place objects;  ///< a list
};

std::optional<std::string> ValueReader::bytes(const Place& place) {
  const Value& value = at(place);
  if (value.kind == ValueKind::kBytes) return std::string(value.text);
  if (is_call_of(place, "_codecs", "encode")) {
    const Place arguments = part(place, 1);
    const auto& parts = at(arguments).items;
    if (parts.size() == 2 && values_[parts[0]].kind == ValueKind::kText && values_[parts[1]].text == "latin1")
      return latin1_bytes(values_[parts[0]].text);
  }
  // Empty bytes of protocol 2.
  for (const std::string_view module : {"builtins", "__builtin__"})
    if (is_call_of(place, module, "bytes") && at(part(place, 1)).items.empty()) return std::string();
  return std::nullopt;
}

bool ValueReader::read_type(const Place& place, const Place& type, Array& array) {
  std::string_view code;
  std::string_view order;
  if (kind(type) == ValueKind::kText) {
    code = at(type).text;
  } else if (is_call_of(type, "numpy", "dtype")) {
    const auto& arguments = values_[at(type).items[1]].items;
    if (!arguments.empty()) code = values_[arguments[0]].text;
    const ValueId state = at(type).state;
    if (state != kNoValue && values_[state].kind == ValueKind::kTuple && values_[state].items.size() > 1)
      order = values_[values_[state].items[1]].text;
  }
  constexpr std::string_view kOrders = "<>|=";
  if (order.empty() && !code.empty() && kOrders.find(code.front()) != std::string_view::npos) {
    order = code.substr(0, 1);
    code.remove_prefix(1);
  }
  array.type = element_type(code);
  array.big_endian = order == ">";
  if (order.size() <= 1 && (array.type != nullptr || code == "O" || code == "O8")) return true;
  refuse(place, fmt::format("an array of type '{}' is not read", clipped(code)));
  return false;
}

bool ValueReader::read_shape(const Place& place, const Place& shape, Array& array) {
  const auto& sizes = at(shape).items;
  if (kind(shape) != ValueKind::kTuple || sizes.size() > kMaxArrayRank) {
    fault(place, "an array's shape is not understood");
    return false;
  }
  for (const ValueId id : sizes) {
    const Value& size = values_[id];
    if (size.kind != ValueKind::kInteger || size.integer < 0 ||
        (size.integer != 0 && array.elements > kMaxElements / static_cast<std::size_t>(size.integer))) {
      fault(place, "an array's shape is not possible");
      return false;
    }
    array.shape.push_back(static_cast<std::size_t>(size.integer));
    array.elements *= array.shape.back();
  }
  return true;
}

std::optional<Place> ValueReader::pickled_elements(const Place& place, Array& array) {
  const Value& value = at(place);
  if (value.kind != ValueKind::kCall) return std::nullopt;
  const auto& arguments = values_[value.items[1]].items;
  const auto argument = [&](std::size_t i) { return Place{arguments[i], place.path}; };
  for (const std::string_view core : kCores) {
    const std::string multiarray = std::string(core) + ".multiarray";
    if (is_call_of(place, multiarray, "_reconstruct") && arguments.size() == 3 &&
        is_global(values_, arguments[0], "numpy", "ndarray") && value.state != kNoValue) {
      const Place state{value.state, place.path};
      if (kind(state) != ValueKind::kTuple || at(state).items.size() != 5) return std::nullopt;
      array.column_major = at(part(state, 3)).flag;
      if (read_type(place, part(state, 2), array) && read_shape(place, part(state, 1), array))
        return part(state, 4);
    } else if (is_call_of(place, std::string(core) + ".numeric", "_frombuffer") && arguments.size() == 4) {
      array.column_major = at(argument(3)).text == "F";
      if (read_type(place, argument(1), array) && read_shape(place, argument(2), array)) return argument(0);
    } else if (is_call_of(place, multiarray, "scalar") && arguments.size() == 2) {
      if (read_type(place, argument(0), array)) return argument(1);
    }
  }
  return std::nullopt;
}

std::optional<ValueReader::Array> ValueReader::array(const Place& place) {
  if (error_) return std::nullopt;
  Array out;
  if (kind(place) == ValueKind::kArray) {
    if (!read_type(place, part(place, 0), out) || !read_shape(place, part(place, 1), out))
      return std::nullopt;
    out.column_major = at(place).flag;
    out.bytes = std::string(at(place).text);
  } else {
    const auto raw = pickled_elements(place, out);
    if (!raw) {
      refuse(place, fmt::format("{} stands where a number or an array is expected", described(place)));
      return std::nullopt;
    }
    if (out.type == nullptr) {
      out.objects = *raw;
      return out;
    }
    auto content = bytes(*raw);
    if (!content) {
      refuse(*raw, fmt::format("{} stands where an array's bytes are expected", described(*raw)));
      return std::nullopt;
    }
    out.bytes = std::move(*content);
  }
  if (out.type != nullptr && out.bytes.size() == out.elements * out.type->size) return out;
  fault(place, fmt::format("an array of {} elements has {} bytes", out.elements, out.bytes.size()));
  return std::nullopt;
}

Numbers ValueReader::numbers(const Place& place) {
  Numbers out;
  auto all = array(place);
  if (!all) return out;
  if (all->type == nullptr) {
    fault(place, "an array of objects stands where numbers are expected");
    return out;
  }
  const std::size_t size = all->type->size;
  if (all->big_endian)
    for (std::size_t i = 0; i + size <= all->bytes.size(); i += size)
      std::reverse(all->bytes.begin() + static_cast<std::ptrdiff_t>(i),
                   all->bytes.begin() + static_cast<std::ptrdiff_t>(i + size));
  out.values.resize(all->elements);
  for (std::size_t i = 0; i < all->elements; ++i) {
    // Where the i-th element in the order of C stands in the file.
    std::size_t at_file = i;
    if (all->column_major) {
      at_file = 0;
      std::size_t rest = i;
      std::size_t stride = all->elements;
      for (std::size_t axis = all->shape.size(); axis-- > 0;) {
        stride /= all->shape[axis];
        at_file += (rest % all->shape[axis]) * stride;
        rest /= all->shape[axis];
      }
    }
    out.values[i] = all->type->read(all->bytes.data() + at_file * size);
    if (!std::isfinite(out.values[i])) {
      fault(place, fmt::format("element {} is no finite number", i));
      return {};
    }
  }
  out.shape = std::move(all->shape);
  return out;
}

std::vector<std::string> ValueReader::texts(const Place& place) {
  Place list = place;
  if (!error_ && kind(place) == ValueKind::kCall) {
    const auto all = array(place);
    if (!all) return {};
    if (all->type != nullptr) fault(place, "numbers stand where texts are expected");
    list = {all->objects.id, place.path};
  }
  std::vector<std::string> out;
  for (const Place& item : error_ ? std::vector<Place>() : items(list)) out.emplace_back(text(item));
  return out;
}

}  // namespace joulecast::sklearn
