// The wire format of protocol buffers, as far as writing needs it; wire.h reads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace joulecast::onnx {

/// One message, field by field in the order of the calls.
class MessageWriter {
 public:
  MessageWriter& number(std::uint32_t field, std::uint64_t value) {
    varint(std::uint64_t{field} << 3U);
    varint(value);
    return *this;
  }
  /// A string, bytes, or a message that is inside.
  MessageWriter& bytes(std::uint32_t field, std::string_view value) {
    varint(std::uint64_t{field} << 3U | 2U);
    varint(value.size());
    text_ += value;
    return *this;
  }
  MessageWriter& message(std::uint32_t field, const MessageWriter& inner) {
    return bytes(field, inner.text_);
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  // Seven bits a byte, the lowest first; the top bit says that another byte follows.
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) text_ += static_cast<char>((value & 0x7fU) | 0x80U);
    text_ += static_cast<char>(value);
  }

  std::string text_;
};

}  // namespace joulecast::onnx
