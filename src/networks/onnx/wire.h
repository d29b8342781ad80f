// The wire format of protocol buffers, as far as reading needs it: a message is a row of fields, each a tag
// (field number and wire type) and a value. https://protobuf.dev/programming-guides/encoding
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace joulecast::onnx {

/// What is wrong with the bytes, and where in the file.
struct WireFault {
  std::string reason;
  std::uint64_t byte = 0;
};

/// A stretch of the file. Views into it stay valid as long as the file is in memory.
struct Bytes {
  std::string_view text;
  std::uint64_t offset = 0;  ///< of the first byte, in the file
};

struct Field {
  std::uint32_t number = 0;
  enum class Kind { kVarint, kFixed64, kLength, kFixed32 } kind = Kind::kVarint;
  std::uint64_t value = 0;  ///< varint, or the bits of a fixed value
  Bytes bytes;              ///< of a length-delimited field
  std::uint64_t offset = 0;

  [[nodiscard]] bool is_varint() const { return kind == Kind::kVarint; }
  [[nodiscard]] bool is_bytes() const { return kind == Kind::kLength; }
  [[nodiscard]] std::int64_t as_signed() const { return static_cast<std::int64_t>(value); }
};

/// Goes through the fields of one message. Never reads beyond it; a group (wire type 3) is skipped.
class FieldReader {
 public:
  explicit FieldReader(Bytes message) : message_(message) {}

  /// The next field; nothing at the end, or at a fault.
  std::optional<Field> next();
  /// The next varint of a packed field.
  std::optional<std::uint64_t> next_varint();
  [[nodiscard]] bool at_end() const { return at_ == message_.text.size(); }
  [[nodiscard]] const std::optional<WireFault>& fault() const { return fault_; }

 private:
  std::optional<std::uint64_t> fixed(std::size_t bytes);
  std::optional<Field> read_field();
  bool skip_group(std::uint32_t number);
  std::nullopt_t refuse(std::string reason, std::size_t at);

  Bytes message_;
  std::size_t at_ = 0;
  std::optional<WireFault> fault_;
};

}  // namespace joulecast::onnx
