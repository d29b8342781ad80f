// A strict reader over a parsed JSON document: each missing or wrong member is an error with its JSON path.
//
// Readers call the getters one after another without checking; the first fault is kept and everything after
// it is a harmless default. ObjectReader::finish tells members that nobody asked for.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "joulecast/error.h"

namespace joulecast {

/// Scales are deviations and ranges of columns. The square of a lesser one is no normal number (1.5e-154 is
/// the root of the least), so that no fit has one, and what is divided by it overflows as soon as it is
/// squared.
inline constexpr double kLeastColumnScale = 1e-150;
/// May something be divided by it?
inline bool is_scale(double value) {
  return value >= kLeastColumnScale && std::isfinite(value);
}
/// What a reader says of a number that is_scale refuses, behind its place.
inline constexpr const char* kNoScale = "is no scale: it must be a number of at least 1e-150";

/// First fault of a document.
class JsonFaults {
 public:
  explicit JsonFaults(std::string_view source) : source_(source) {}
  void add(const std::string& path, std::string_view what, std::string hint = {}) {
    if (error_) return;
    error_ = Error{ErrorKind::kMalformed,
                   path.empty() ? std::string(what) : fmt::format("{}: {}", path, what),
                   {source_},
                   std::move(hint)};
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  std::string source_;
  std::optional<Error> error_;
};

class ObjectReader {
 public:
  /// `path` of the object; empty at the top.
  ObjectReader(const std::optional<simdjson::dom::element>& element, std::string path, JsonFaults& faults)
      : path_(std::move(path)), faults_(faults) {
    if (element && element->get(object_) == simdjson::SUCCESS) {
      valid_ = true;
      seen_.resize(object_.size(), false);
    } else {
      faults_.add(path_.empty() ? "document" : path_, "is no object");
    }
  }

  [[nodiscard]] std::string path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
  }
  void fault(std::string_view key, std::string_view what) { faults_.add(path_of(key), what); }

  /// Whether the member is there at all.
  [[nodiscard]] bool has(std::string_view key) const { return valid_ && index_of(key) < seen_.size(); }
  [[nodiscard]] bool is_null(std::string_view key) {
    const auto found = find(key);
    return found && found->is_null();
  }
  std::string text(std::string_view key) {
    std::string_view value;
    if (const auto found = find(key); found && found->get(value) != simdjson::SUCCESS)
      fault(key, "is no text");
    return std::string(value);
  }
  bool truth(std::string_view key) {
    bool value = false;
    if (const auto found = find(key); found && found->get(value) != simdjson::SUCCESS)
      fault(key, "is neither true nor false");
    return value;
  }
  double number(std::string_view key) {
    double value = 0.0;
    if (const auto found = find(key); found && !get_number(*found, value)) fault(key, "is no number");
    return value;
  }
  std::optional<double> optional_number(std::string_view key) {
    if (is_null(key)) return std::nullopt;
    return number(key);
  }
  std::uint64_t count(std::string_view key) {
    std::uint64_t value = 0;
    if (const auto found = find(key); found && found->get(value) != simdjson::SUCCESS)
      fault(key, "is no whole number from 0 upwards");
    return value;
  }
  std::vector<double> numbers(std::string_view key) {
    std::vector<double> values;
    const auto found = find(key);
    if (!found) return values;
    simdjson::dom::array array;
    if (found->get(array) != simdjson::SUCCESS) {
      fault(key, "is no list");
      return values;
    }
    values.reserve(array.size());
    for (const auto element : array) {  // thousands of them: the place is put into words for a fault only
      double value = 0.0;
      if (!get_number(element, value)) {
        fault(fmt::format("{}[{}]", key, values.size()), "is no number, where the list holds numbers");
        return values;
      }
      values.push_back(value);
    }
    return values;
  }
  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> values;
    for_each(key, [&](const simdjson::dom::element& element, const std::string& place) {
      values.push_back(text_of(element, place));
    });
    return values;
  }
  std::vector<std::vector<std::string>> text_lists(std::string_view key) {
    std::vector<std::vector<std::string>> lists;
    for_each(key, [&](const simdjson::dom::element& element, const std::string& place) {
      simdjson::dom::array array;
      lists.emplace_back();
      if (element.get(array) != simdjson::SUCCESS) return faults_.add(path_of(place), "is no list");
      std::size_t i = 0;
      for (const auto item : array) lists.back().push_back(text_of(item, fmt::format("{}[{}]", place, i++)));
    });
    return lists;
  }
  ObjectReader object(std::string_view key) { return {find(key), path_of(key), faults_}; }
  /// Calls with each element of a list and its key with index ("terms[3]").
  template <class Each>
  void for_each(std::string_view key, Each&& each) {
    const auto found = find(key);
    if (!found) return;
    simdjson::dom::array array;
    if (found->get(array) != simdjson::SUCCESS) return fault(key, "is no list");
    std::size_t i = 0;
    for (const auto element : array) {
      each(element, fmt::format("{}[{}]", key, i++));
      if (faults_.error()) return;
    }
  }

  /// Faults members that were not read, and those that stand twice.
  void finish() {
    if (!valid_) return;
    std::size_t i = 0;
    for (const auto field : object_) {
      if (seen_[i++]) continue;
      const bool twice = index_of(field.key) < i - 1;
      faults_.add(path_of(field.key), twice ? "stands twice" : "is a member this version does not know");
      return;
    }
  }

 private:
  std::optional<simdjson::dom::element> find(std::string_view key) {
    if (!valid_ || faults_.error()) return std::nullopt;
    const std::size_t index = index_of(key);
    if (index == seen_.size()) {
      fault(key, "is missing");
      return std::nullopt;
    }
    seen_[index] = true;
    return object_.at_key(key).value_unsafe();
  }
  /// Place of the first member of that name; the number of members if there is none.
  [[nodiscard]] std::size_t index_of(std::string_view key) const {
    std::size_t i = 0;
    for (const auto field : object_) {
      if (field.key == key) break;
      ++i;
    }
    return i;
  }
  static bool get_number(const simdjson::dom::element& element, double& value) {
    return !element.is_bool() && element.get(value) == simdjson::SUCCESS && std::isfinite(value);
  }
  std::string text_of(const simdjson::dom::element& element, const std::string& place) {
    std::string_view value;
    if (element.get(value) != simdjson::SUCCESS) fault(place, "is no text");
    return std::string(value);
  }

  simdjson::dom::object object_;
  std::string path_;
  JsonFaults& faults_;
  bool valid_ = false;
  std::vector<bool> seen_;
};

}  // namespace joulecast
