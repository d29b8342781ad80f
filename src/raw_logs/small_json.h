// Small JSON files as a tree, in Python's dialect (NaN is a number; nlohmann-json refuses it), with the place
// of each value for error messages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "joulecast/error.h"
#include "raw_logs/json_text.h"

namespace joulecast::json {

struct Value {
  enum class Kind : unsigned char { kNull, kBoolean, kNumber, kString, kList, kObject };
  Kind kind = Kind::kNull;
  Number number;
  std::string text;
  std::vector<Value> items;        ///< of a list, or an object's values
  std::vector<std::string> names;  ///< of an object, one for each item
  std::uint64_t line = 0;          ///< where it begins, from 1
  std::uint64_t byte = 0;

  [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
  /// The member of that name (the last one, as in Python), or nullptr; also if this is no object.
  [[nodiscard]] const Value* find(std::string_view name) const;
};

/// Errors: kMalformed with line, byte and `hint`. Nesting deeper than 200 is refused.
Expected<Value> parse(std::string_view text, const std::string& file, const std::string& hint);

/// A whole file, plain or compressed. Errors: kUnreadable, kMalformed, kUnfit if it is larger than `limit`
/// bytes.
Expected<Value> read(const std::filesystem::path& path, const std::string& hint,
                     std::uint64_t limit = 64U << 20U);

}  // namespace joulecast::json
