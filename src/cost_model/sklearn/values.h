// What a pickle or a skops file says, as inert data: names of classes and functions, and what was given to
// them. Nothing here can call, import or run anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace joulecast::sklearn {

/// Index into Values. Values refer to one another by it, in circles too.
using ValueId = std::uint32_t;
inline constexpr ValueId kNoValue = ~ValueId{0};

/// What to do about a damaged file.
inline constexpr const char* kFetchAgain = "Fetch the file again, or save the model again from Python";

enum class ValueKind : unsigned char {
  kNone,
  kTruth,
  kInteger,
  kReal,
  kText,
  kBytes,
  kTuple,
  kList,
  kDict,    ///< items: key, value, key, value, ...
  kSet,     ///< also a frozen one
  kGlobal,  ///< the name of a class or function; items: module, name (texts)
  kObject,  ///< items: class, arguments, perhaps named arguments; what its state is, is in `state`
  kCall,    ///< items: what is called, arguments; never called
  kArray,   ///< of a skops file; text: the elements' bytes; items: type (text), shape (tuple)
  kOpaque,  ///< what nothing is made of; text: what it is, for messages
};

struct Value {
  ValueKind kind = ValueKind::kNone;
  bool flag = false;  ///< kTruth: its value; kArray: column-major; kObject, kCall: was filled with items
  std::uint32_t offset = 0;  ///< byte of the pickle's opcode that made it
  ValueId state = kNoValue;  ///< kObject, kCall
  std::int64_t integer = 0;
  double real = 0.0;
  std::string_view text{};
  std::vector<ValueId> items{};
};

/// An arena: values live as long as it does.
class Values {
 public:
  static constexpr std::size_t kMaxValues = 1'000'000;
  static constexpr std::size_t kMaxLinks = 4'000'000;  ///< items of all values together

  ValueId add(Value value) {
    values_.push_back(std::move(value));
    return static_cast<ValueId>(values_.size() - 1);
  }
  [[nodiscard]] std::size_t size() const { return values_.size(); }
  const Value& operator[](ValueId id) const { return values_[id]; }
  Value& operator[](ValueId id) { return values_[id]; }
  /// A text that lives as long as the arena.
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

 private:
  std::vector<Value> values_;
  std::deque<std::string> kept_;
};

/// A name from the file for a message, or as a part of the way to a value: hostile ones may be of any length.
std::string clipped(std::string_view name);
/// "steps[1]" and "scale_" -> "steps[1].scale_"; ways that are too long already stay as they are.
std::string way_to(std::string_view path, std::string_view name);
/// "steps" and 1 -> "steps[1]".
std::string way_to(std::string_view path, std::size_t index);

/// Is it the name of this class or function?
bool is_global(const Values& values, ValueId id, std::string_view module, std::string_view name);
/// "numpy.log1p" of a name; empty for all else.
std::string dotted_name(const Values& values, ValueId id);
/// For messages: "the class sklearn.svm._classes.SVR", "a call of builtins.eval", "a text".
std::string described(const Values& values, ValueId id);

}  // namespace joulecast::sklearn
