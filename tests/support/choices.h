// Random choices inside a rapidcheck property.
#pragma once

#include <cstddef>

#include <rapidcheck.h>

namespace joulecast::test {

/// 0 to below - 1.
inline int pick(int below) {
  return *rc::gen::inRange(0, below);
}

template <class Choices>
const auto& one_of(const Choices& choices) {
  return choices[static_cast<std::size_t>(pick(static_cast<int>(choices.size())))];
}

}  // namespace joulecast::test
