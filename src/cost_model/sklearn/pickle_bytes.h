// The bytes of a pickle, and the first fault found in it.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cost_model/sklearn/values.h"
#include "joulecast/error.h"

namespace joulecast::sklearn {

/// The first fault, at the opcode at `offset`.
struct PickleFaults {
  std::string_view source;
  std::optional<Error> error;
  std::size_t offset = 0;

  void add(std::string message) { note(ErrorKind::kMalformed, std::move(message)); }
  void refuse(std::string message) { note(ErrorKind::kUnfit, std::move(message)); }

 private:
  void note(ErrorKind kind, std::string message) {
    if (!error) error = Error{kind, std::move(message), {std::string(source), 0, offset}, kFetchAgain};
  }
};

/// Takes bytes from the front; a fault where there are too few.
class PickleBytes {
 public:
  PickleBytes(std::string_view bytes, PickleFaults& faults) : bytes_(bytes), faults_(faults) {}
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] std::size_t offset() const { return at_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }

  std::string_view take(std::uint64_t count) {
    if (count > left()) {
      faults_.add("the pickle is cut off");
      return {};
    }
    const std::string_view taken = bytes_.substr(at_, static_cast<std::size_t>(count));
    at_ += taken.size();
    return taken;
  }
  unsigned char byte() { return static_cast<unsigned char>(little_endian(1)); }
  std::uint64_t little_endian(std::size_t bytes) {
    const std::string_view taken = take(bytes);
    std::uint64_t value = 0;
    for (auto one = taken.rbegin(); one != taken.rend(); ++one)
      value = (value << 8U) | static_cast<unsigned char>(*one);
    return value;
  }
  double big_endian_double() {
    std::uint64_t bits = 0;
    for (const char one : take(sizeof bits)) bits = (bits << 8U) | static_cast<unsigned char>(one);
    return std::bit_cast<double>(bits);
  }
  /// Up to a line feed, which is taken too.
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) {
      faults_.add("the pickle is cut off in a name");
      return {};
    }
    const std::string_view taken = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return taken;
  }

 private:
  std::string_view bytes_;
  PickleFaults& faults_;
  std::size_t at_ = 0;
};

}  // namespace joulecast::sklearn
