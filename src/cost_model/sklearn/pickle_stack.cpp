#include "cost_model/sklearn/pickle_stack.h"

#include <fmt/format.h>

namespace joulecast::sklearn {

ValueId PickleStack::push(Value value) {
  if (faults_.error) return kNoValue;
  if (values_.size() >= Values::kMaxValues) {
    faults_.refuse(fmt::format("more than {} values are not read as a model", Values::kMaxValues));
    return kNoValue;
  }
  value.offset = static_cast<std::uint32_t>(faults_.offset);
  const ValueId id = values_.add(std::move(value));
  push_again(id);
  return id;
}

void PickleStack::push_again(ValueId id) {
  if (faults_.error) return;
  if (stack_.size() >= kMaxDepth)
    return faults_.refuse(fmt::format("a stack of more than {} values is not read as a model", kMaxDepth));
  stack_.push_back(id);
}

void PickleStack::push_container(ValueKind kind, std::vector<ValueId> items) {
  if (faults_.error) return;
  link(items.size());
  push({.kind = kind, .items = std::move(items)});
}

void PickleStack::link(std::size_t count) {
  links_ += count;
  if (links_ > Values::kMaxLinks)
    faults_.refuse(fmt::format("more than {} items are not read as a model", Values::kMaxLinks));
}

ValueId PickleStack::top() {
  if (faults_.error) return kNoValue;
  if (stack_.size() > floor()) return stack_.back();
  faults_.add("the opcode needs a value, and there is none");
  return kNoValue;
}

std::vector<ValueId> PickleStack::pop(std::size_t count) {
  if (faults_.error) return {};
  if (stack_.size() < floor() + count) {
    faults_.add(
        fmt::format("the opcode needs {} value(s), and there are {}", count, stack_.size() - floor()));
    return {};
  }
  const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<ValueId> taken(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  return taken;
}

std::vector<ValueId> PickleStack::pop_to_mark() {
  if (faults_.error) return {};
  if (marks_.empty()) {
    faults_.add("the opcode needs a mark, and there is none");
    return {};
  }
  std::vector<ValueId> taken = pop(stack_.size() - floor());
  marks_.pop_back();
  return taken;
}

void PickleStack::mark() {
  if (marks_.size() >= kMaxDepth)
    return faults_.refuse(fmt::format("more than {} marks are not read as a model", kMaxDepth));
  marks_.push_back(stack_.size());
}

void PickleStack::drop() {
  if (!marks_.empty() && marks_.back() == stack_.size())
    marks_.pop_back();
  else
    pop(1);
}

void PickleStack::put_memo(std::uint64_t index) {
  const ValueId id = top();
  if (faults_.error) return;
  if (index >= Values::kMaxValues)
    return faults_.refuse(fmt::format("a memo of more than {} places is not read", Values::kMaxValues));
  if (index >= memo_.size()) memo_.resize(index + 1, kNoValue);
  if (memo_[index] == kNoValue) ++memo_size_;
  memo_[index] = id;
}

void PickleStack::memoize() {
  put_memo(memo_size_);
}

void PickleStack::push_memo(std::uint64_t index) {
  if (index >= memo_.size() || memo_[index] == kNoValue)
    return faults_.add(fmt::format("place {} of the memo is empty", index));
  push_again(memo_[index]);
}

ValueId PickleStack::sole() {
  if (stack_.size() == 1 && marks_.empty()) return stack_.front();
  faults_.add(fmt::format("{} values are left at the pickle's end, not one", stack_.size()));
  return kNoValue;
}

}  // namespace joulecast::sklearn
