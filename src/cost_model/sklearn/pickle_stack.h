// Stack, marks and memo of the machine that reads pickles.
#pragma once

#include <vector>

#include "cost_model/sklearn/opcodes.h"
#include "cost_model/sklearn/pickle_bytes.h"
#include "cost_model/sklearn/values.h"

namespace joulecast::sklearn {

/// After a fault every call does no harm, and what pop returns must not be used.
class PickleStack {
 public:
  static constexpr std::size_t kMaxDepth = 100'000;

  PickleStack(Values& values, PickleFaults& faults) : values_(values), faults_(faults) {}

  /// Makes a value, of the opcode at hand.
  ValueId push(Value value);
  void push_again(ValueId id);
  void push_container(ValueKind kind, std::vector<ValueId> items);
  /// Counts items of a container; a fault if they are too many in all.
  void link(std::size_t count);

  /// The topmost value; kNoValue, with a fault, if a mark or nothing stands there.
  ValueId top();
  /// The topmost `count` values, lowest first.
  std::vector<ValueId> pop(std::size_t count);
  std::vector<ValueId> pop_to_mark();
  void mark();
  /// Takes a value off, or a mark if it is on top.
  void drop();

  void put_memo(std::uint64_t index);
  void memoize();
  void push_memo(std::uint64_t index);

  /// The only value left at the end.
  ValueId sole();

 private:
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  Values& values_;
  PickleFaults& faults_;
  std::vector<ValueId> stack_;
  std::vector<std::size_t> marks_;
  std::vector<ValueId> memo_;
  std::size_t memo_size_ = 0;
  std::size_t links_ = 0;
};

}  // namespace joulecast::sklearn
