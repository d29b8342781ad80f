// The reference's special terms. Its pipeline holds a function that was defined within another one, so that
// cloudpickle stores it by value: its code, and what it captured. The code is of one version of Python and is
// not for us to run; captured are a dict from names of features to columns and the list of terms, and they
// say all there is to know - if the code does what the reference's does.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cost_model/sklearn/pipeline.h"

namespace joulecast::sklearn {
namespace {

constexpr std::string_view kModule = "cloudpickle.cloudpickle";
constexpr std::string_view kName = "_build_special_terms";
constexpr std::array<std::string_view, 3> kCaptured = {"features_mapping", "self", "terms_list"};
constexpr std::size_t kNameField = 11;  // of the code, in all versions of Python since 3.8
constexpr std::size_t kMaxTerms = 1000;
constexpr std::size_t kMaxFactors = 100;

/// The code of a function stored by value: the fields of Python's CodeType (16 until 3.10, 18 since 3.11).
std::vector<Place> code_fields(ValueReader& reader, const Place& function) {
  const auto& arguments = reader.at(reader.part(function, 1)).items;
  if (!arguments.empty()) {
    const Place code{arguments[0], function.path};
    if (reader.kind(code) == ValueKind::kCall &&
        reader.is_call_of(reader.part(code, 0), kModule, "_builtin_type")) {
      auto fields = reader.items(reader.part(code, 1));
      if (fields.size() == 16 || fields.size() == 18) return fields;
    }
  }
  reader.refuse(function, "a function is stored in the file, in a form that is not known; it is never run");
  return {};
}

bool is_the_references(ValueReader& reader, const std::vector<Place>& fields) {
  const Place& name = fields[kNameField];
  if (reader.kind(name) != ValueKind::kText || reader.at(name).text != kName) return false;
  const Place& free = fields[fields.size() - 2];
  if (reader.kind(free) != ValueKind::kTuple || reader.at(free).items.size() != kCaptured.size())
    return false;
  for (std::size_t i = 0; i < kCaptured.size(); ++i)
    if (reader.kind(reader.part(free, i)) != ValueKind::kText ||
        reader.at(reader.part(free, i)).text != kCaptured[i])
      return false;
  return true;
}

/// The value in the cell of the captured variable `index`.
Place captured(ValueReader& reader, const Place& function, std::size_t index) {
  // The state is (attributes, slots); the cells are the slot __closure__.
  const ValueId state = reader.at(function).state;
  if (state != kNoValue && reader.kind({state, {}}) == ValueKind::kTuple) {
    const auto parts = reader.items({state, function.path});
    const auto cells = parts.size() == 2 ? reader.find_key(parts[1], "__closure__") : std::nullopt;
    if (cells && reader.kind(*cells) == ValueKind::kTuple &&
        reader.at(*cells).items.size() == kCaptured.size()) {
      const Place cell = reader.part(*cells, index);
      if (reader.is_call_of(cell, kModule, "_make_cell") && reader.at(reader.part(cell, 1)).items.size() == 1)
        return {reader.at(reader.part(cell, 1)).items[0], way_to(function.path, kCaptured[index])};
    }
  }
  reader.fault(function, "a function's captured variables are not where they should be");
  return function;
}

/// The reference's mapping must be ours: a column is what the name says.
void check_mapping(ValueReader& reader, const Place& mapping, FeatureNames features) {
  const auto entries = reader.entries(mapping);
  if (entries.size() > features.size())
    return reader.refuse(mapping,
                         fmt::format("{} features are not those of this kind of layer", entries.size()));
  for (const auto& [name, place] : entries) {
    const auto known = std::find(features.begin(), features.end(), name);
    if (known == features.end())
      return reader.refuse(mapping, fmt::format("'{}' is no feature of this kind of layer", clipped(name)));
    const std::size_t index = reader.count(place, 0, features.size() - 1);
    if (!reader.error() && index != static_cast<std::size_t>(known - features.begin()))
      return reader.refuse(mapping, fmt::format("the feature {} is column {}, not column {} as expected",
                                                name, index, known - features.begin()));
  }
}

}  // namespace

std::vector<std::vector<std::string>> read_special_terms(ValueReader& reader, const Place& function,
                                                         FeatureNames features) {
  std::vector<std::vector<std::string>> terms;
  const auto fields = code_fields(reader, function);
  if (reader.error()) return terms;
  if (!is_the_references(reader, fields)) {
    const Place& name = fields[kNameField];
    reader.refuse(function,
                  fmt::format("the function {} is stored in the file; it is never run, and what it "
                              "does is not known",
                              reader.kind(name) == ValueKind::kText ? clipped(reader.at(name).text) : "?"));
    return terms;
  }
  const Place mapping = captured(reader, function, 0);
  check_mapping(reader, mapping, features);
  const auto lists = reader.items(captured(reader, function, 2));
  if (lists.size() > kMaxTerms) reader.refuse(function, fmt::format("more than {} special terms", kMaxTerms));
  for (const Place& list : lists) {
    if (reader.error()) break;
    auto& term = terms.emplace_back();
    for (const Place& item : reader.items(list)) {
      const std::string_view name = reader.text(item);
      if (!reader.error() && !reader.find_key(mapping, name))
        reader.fault(item,
                     fmt::format("'{}' is not among the features that the function knows", clipped(name)));
      term.emplace_back(name);
    }
    if (term.empty() || term.size() > kMaxFactors)
      reader.refuse(list, fmt::format("a special term has {} factors", term.size()));
  }
  return terms;
}

}  // namespace joulecast::sklearn
