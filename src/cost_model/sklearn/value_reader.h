// Takes numbers, texts and states out of the values of a file; keeps the first fault, with its place.
//
// Callers take one thing after another without checking; behind the first fault everything is a harmless
// default.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cost_model/sklearn/values.h"
#include "joulecast/error.h"

namespace joulecast::sklearn {

/// A value and the way to it, for messages: "steps[1].scale_".
struct Place {
  ValueId id = kNoValue;
  std::string path;
};

/// An array of numbers, in the order of C whatever the file's.
struct Numbers {
  std::vector<std::size_t> shape;
  std::vector<double> values;
};

class ValueReader {
 public:
  /// `bytes_known`: offsets of values are bytes of the file.
  ValueReader(const Values& values, std::string_view source, bool bytes_known)
      : values_(values), source_(source), bytes_known_(bytes_known) {}

  /// Well formed, but beyond what can be taken over (kUnfit).
  void refuse(const Place& place, std::string_view what);
  /// Not what it should be (kMalformed).
  void fault(const Place& place, std::string_view what);
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

  [[nodiscard]] const Value& at(const Place& place) const { return values_[place.id]; }
  [[nodiscard]] ValueKind kind(const Place& place) const { return at(place).kind; }
  [[nodiscard]] bool is_none(const Place& place) const { return kind(place) == ValueKind::kNone; }
  [[nodiscard]] std::string described(const Place& place) const;
  /// "sklearn.pipeline.Pipeline" of an object of a class that the file names; else empty.
  [[nodiscard]] std::string class_of(const Place& place) const;
  [[nodiscard]] bool is_call_of(const Place& place, std::string_view module, std::string_view name) const;
  /// Part `index` of a global, object or call (see ValueKind), or of a tuple or list.
  [[nodiscard]] Place part(const Place& place, std::size_t index) const;

  /// An attribute of an object, by way of its state.
  Place member(const Place& object, std::string_view name);
  std::optional<Place> find_member(const Place& object, std::string_view name);
  /// Keys and values of a dict whose keys are texts; of two equal keys the last counts.
  std::vector<std::pair<std::string_view, Place>> entries(const Place& dict);
  /// Elements of a list or tuple.
  std::vector<Place> items(const Place& place);

  std::string_view text(const Place& place);
  bool truth(const Place& place);
  /// Python's or numpy's number, finite.
  double number(const Place& place);
  /// A whole number from `least` to `most`.
  std::size_t count(const Place& place, std::size_t least, std::size_t most);
  /// An array of finite numbers (f8, f4, i8, i4, u1, b1).
  Numbers numbers(const Place& place);
  /// An array, list or tuple of texts.
  std::vector<std::string> texts(const Place& place);

  std::optional<Place> find_key(const Place& dict, std::string_view key);

 private:
  struct Array;
  std::optional<Array> array(const Place& place);
  bool read_type(const Place& place, const Place& type, Array& array);
  bool read_shape(const Place& place, const Place& shape, Array& array);
  /// The bytes (or objects) of an array or scalar in a pickle; nothing if it is none.
  std::optional<Place> pickled_elements(const Place& place, Array& array);
  std::optional<std::string> bytes(const Place& place);
  void note(ErrorKind kind, const Place& place, std::string_view what);

  const Values& values_;
  std::string_view source_;
  bool bytes_known_;
  std::optional<Error> error_;
};

}  // namespace joulecast::sklearn
