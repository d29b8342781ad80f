#include "networks/onnx/wire.h"

#include <fmt/format.h>

#include <limits>
#include <utility>
#include <vector>

namespace joulecast::onnx {
namespace {

constexpr std::uint32_t kStartGroup = 3;
constexpr std::uint32_t kEndGroup = 4;
constexpr std::size_t kMaxGroupDepth = 100;  // as in protobuf's own parsers

}  // namespace

std::nullopt_t FieldReader::refuse(std::string reason, std::size_t at) {
  if (!fault_) fault_ = WireFault{std::move(reason), message_.offset + at};
  at_ = message_.text.size();
  return std::nullopt;
}

// Seven bits a byte, the lowest first; the top bit says that another byte follows.
std::optional<std::uint64_t> FieldReader::next_varint() {
  const std::size_t start = at_;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (at_ == message_.text.size()) return refuse("a number is cut off", start);
    const auto byte = static_cast<std::uint8_t>(message_.text[at_++]);
    if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  return refuse("a number has more than ten bytes", start);
}

std::optional<std::uint64_t> FieldReader::fixed(std::size_t bytes) {
  if (message_.text.size() - at_ < bytes) return refuse("a number is cut off", at_);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(message_.text[at_ + i])) << (8 * i);
  at_ += bytes;
  return value;
}

bool FieldReader::skip_group(std::uint32_t number) {
  const std::size_t start = at_;
  std::vector<std::uint32_t> open{number};
  while (!open.empty()) {
    if (at_end()) return refuse("a group is cut off", start), false;
    const auto tag = next_varint();
    if (!tag) return false;
    const auto field = static_cast<std::uint32_t>(*tag >> 3U);
    switch (*tag & 7U) {
      case kStartGroup:
        open.push_back(field);
        if (open.size() > kMaxGroupDepth) return refuse("groups are nested too deeply", start), false;
        break;
      case kEndGroup:
        if (open.back() != field) return refuse("a group ends that did not start", start), false;
        open.pop_back();
        break;
      case 0:
        if (!next_varint()) return false;
        break;
      case 1:
        if (!fixed(8)) return false;
        break;
      case 5:
        if (!fixed(4)) return false;
        break;
      case 2: {
        const auto length = next_varint();
        if (!length) return false;
        if (*length > message_.text.size() - at_) return refuse("a field is cut off", start), false;
        at_ += static_cast<std::size_t>(*length);
        break;
      }
      default:
        return refuse("a field of an unknown wire type", start), false;
    }
  }
  return true;
}

std::optional<Field> FieldReader::next() {
  while (!fault_ && !at_end()) {
    const auto field = read_field();
    if (field || fault_) return field;
  }
  return std::nullopt;
}

/// Nothing without a fault after a group, which no message of ONNX has.
std::optional<Field> FieldReader::read_field() {
  const std::size_t start = at_;
  const auto tag = next_varint();
  if (!tag) return std::nullopt;
  Field field;
  field.offset = message_.offset + start;
  if (*tag > std::numeric_limits<std::uint32_t>::max() || (*tag >> 3U) == 0)
    return refuse("no field has such a number", start);
  field.number = static_cast<std::uint32_t>(*tag >> 3U);
  std::optional<std::uint64_t> value;
  switch (*tag & 7U) {
    case 0:
      field.kind = Field::Kind::kVarint;
      value = next_varint();
      break;
    case 1:
      field.kind = Field::Kind::kFixed64;
      value = fixed(8);
      break;
    case 5:
      field.kind = Field::Kind::kFixed32;
      value = fixed(4);
      break;
    case 2: {
      field.kind = Field::Kind::kLength;
      value = next_varint();
      if (!value) return std::nullopt;
      const std::size_t left = message_.text.size() - at_;
      if (*value > left)
        return refuse(fmt::format("a field of {} bytes, but {} are left: cut off?", *value, left), start);
      field.bytes = {message_.text.substr(at_, static_cast<std::size_t>(*value)), message_.offset + at_};
      at_ += static_cast<std::size_t>(*value);
      break;
    }
    case kStartGroup:
      skip_group(field.number);
      return std::nullopt;
    default:
      return refuse("a field of an unknown wire type", start);
  }
  if (!value) return std::nullopt;
  field.value = *value;
  return field;
}

}  // namespace joulecast::onnx
