#include "cost_model/sklearn/value_reader.h"

#include <cmath>

#include <fmt/format.h>

namespace joulecast::sklearn {
namespace {

constexpr std::size_t kLongestList = 100'000;
constexpr const char* kHint =
    "Read are pipelines of PolynomialFeatures, a scaler and a lasso (docs/scikit-learn.md); train with "
    "joulecast where the model is another";

}  // namespace

void ValueReader::note(ErrorKind kind, const Place& place, std::string_view what) {
  if (error_) return;
  error_ = Error{kind,
                 fmt::format("{}: {}", place.path.empty() ? "the model" : place.path, what),
                 {std::string(source_), 0, {}},
                 kHint};
  if (bytes_known_ && place.id != kNoValue) {
    // Of an object its class is shown: there the file says what it wants.
    ValueId id = place.id;
    if (values_[id].kind == ValueKind::kObject || values_[id].kind == ValueKind::kCall)
      id = values_[id].items[0];
    error_->location.byte = values_[id].offset;
  }
}

void ValueReader::refuse(const Place& place, std::string_view what) {
  note(ErrorKind::kUnfit, place, what);
}

void ValueReader::fault(const Place& place, std::string_view what) {
  note(ErrorKind::kMalformed, place, what);
}

std::string ValueReader::described(const Place& place) const {
  return sklearn::described(values_, place.id);
}

std::string ValueReader::class_of(const Place& place) const {
  const Value& value = at(place);
  return value.kind == ValueKind::kObject && !value.flag ? dotted_name(values_, value.items[0]) : "";
}

bool ValueReader::is_call_of(const Place& place, std::string_view module, std::string_view name) const {
  const Value& value = at(place);
  return value.kind == ValueKind::kCall && !value.flag && is_global(values_, value.items[0], module, name);
}

Place ValueReader::part(const Place& place, std::size_t index) const {
  return {at(place).items[index], place.path};
}

std::optional<Place> ValueReader::find_key(const Place& dict, std::string_view key) {
  if (error_) return std::nullopt;
  const Value& value = at(dict);
  if (value.kind != ValueKind::kDict) {
    fault(dict, fmt::format("{} stands where a dict is expected", described(dict)));
    return std::nullopt;
  }
  for (std::size_t i = value.items.size(); i >= 2; i -= 2) {
    const Value& candidate = values_[value.items[i - 2]];
    if (candidate.kind == ValueKind::kText && candidate.text == key)
      return Place{value.items[i - 1], way_to(dict.path, key)};
  }
  return std::nullopt;
}

std::optional<Place> ValueReader::find_member(const Place& object, std::string_view name) {
  if (error_) return std::nullopt;
  const Value& value = at(object);
  if (value.kind != ValueKind::kObject || value.state == kNoValue) {
    fault(object, fmt::format("{} has no attributes", described(object)));
    return std::nullopt;
  }
  return find_key({value.state, object.path}, name);
}

Place ValueReader::member(const Place& object, std::string_view name) {
  auto found = find_member(object, name);
  if (found) return *found;
  fault(object, fmt::format("the attribute {} is missing: was the model fitted?", name));
  return object;
}

std::vector<std::pair<std::string_view, Place>> ValueReader::entries(const Place& dict) {
  std::vector<std::pair<std::string_view, Place>> found;
  if (error_) return found;
  if (kind(dict) != ValueKind::kDict) {
    fault(dict, fmt::format("{} stands where a dict is expected", described(dict)));
    return found;
  }
  const auto& items = at(dict).items;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (values_[items[i]].kind != ValueKind::kText) {
      fault(dict, "a key is no text");
      return {};
    }
    found.emplace_back(values_[items[i]].text, Place{items[i + 1], dict.path});
  }
  return found;
}

std::vector<Place> ValueReader::items(const Place& place) {
  std::vector<Place> found;
  if (error_) return found;
  if (kind(place) != ValueKind::kList && kind(place) != ValueKind::kTuple) {
    fault(place, fmt::format("{} stands where a list is expected", described(place)));
    return found;
  }
  if (at(place).items.size() > kLongestList) {
    refuse(place, fmt::format("a list of more than {} items is not read", kLongestList));
    return found;
  }
  for (const ValueId id : at(place).items) found.push_back({id, way_to(place.path, found.size())});
  return found;
}

std::string_view ValueReader::text(const Place& place) {
  if (error_) return {};
  if (kind(place) == ValueKind::kText) return at(place).text;
  fault(place, fmt::format("{} stands where a text is expected", described(place)));
  return {};
}

bool ValueReader::truth(const Place& place) {
  if (error_) return false;
  if (kind(place) == ValueKind::kTruth) return at(place).flag;
  if (kind(place) == ValueKind::kCall || kind(place) == ValueKind::kArray) return number(place) != 0.0;
  fault(place, fmt::format("{} stands where a truth value is expected", described(place)));
  return false;
}

double ValueReader::number(const Place& place) {
  if (error_) return 0.0;
  double value = 0.0;
  switch (kind(place)) {
    case ValueKind::kInteger:
      return static_cast<double>(at(place).integer);
    case ValueKind::kReal:
      value = at(place).real;
      break;
    case ValueKind::kCall:
    case ValueKind::kArray: {
      const Numbers all = numbers(place);
      if (error_) return 0.0;
      if (all.values.size() == 1) return all.values.front();
      fault(place, fmt::format("{} numbers stand where one is expected", all.values.size()));
      return 0.0;
    }
    default:
      fault(place, fmt::format("{} stands where a number is expected", described(place)));
      return 0.0;
  }
  if (!std::isfinite(value)) {
    fault(place, "is no finite number");
    return 0.0;
  }
  return value;
}

std::size_t ValueReader::count(const Place& place, std::size_t least, std::size_t most) {
  const double value = number(place);
  if (error_) return least;
  if (value >= static_cast<double>(least) && value <= static_cast<double>(most) && value == std::floor(value))
    return static_cast<std::size_t>(value);
  fault(place, fmt::format("{} is no whole number from {} to {}", value, least, most));
  return least;
}

}  // namespace joulecast::sklearn
