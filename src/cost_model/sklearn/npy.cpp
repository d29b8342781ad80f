#include "cost_model/sklearn/npy.h"

#include <charconv>

namespace joulecast::sklearn {
namespace {

/// Takes a text off the front, if it stands there.
bool take(std::string_view& from, std::string_view text) {
  if (!from.starts_with(text)) return false;
  from.remove_prefix(text.size());
  return true;
}

bool take_shape(std::string_view& from, std::vector<std::size_t>& shape) {
  constexpr std::size_t kMaxNpyRank = 8;
  if (!take(from, "(")) return false;
  while (!take(from, ")")) {
    std::size_t size = 0;
    const auto [end, code] = std::from_chars(from.data(), from.data() + from.size(), size);
    if (code != std::errc() || shape.size() == kMaxNpyRank) return false;
    from.remove_prefix(static_cast<std::size_t>(end - from.data()));
    shape.push_back(size);
    // (5,) and (5, 2): a comma after all but the last of several.
    if (take(from, ", ")) continue;
    if (!take(from, ",") && shape.size() == 1) return false;
    if (!from.starts_with(")")) return false;
  }
  return true;
}

}  // namespace

std::optional<NpyArray> read_npy(std::string_view file) {
  constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
  constexpr std::size_t kAlignment = 64;
  if (!take(file, kMagic) || file.size() < 2) return std::nullopt;
  const std::size_t length =
      static_cast<unsigned char>(file[0]) + (std::size_t{static_cast<unsigned char>(file[1])} << 8U);
  file.remove_prefix(2);
  if (length > file.size() || (kMagic.size() + 2 + length) % kAlignment != 0) return std::nullopt;
  std::string_view header = file.substr(0, length);

  NpyArray array;
  array.bytes = file.substr(length);
  if (!take(header, "{'descr': '")) return std::nullopt;
  array.type = header.substr(0, header.find('\''));
  header.remove_prefix(array.type.size());
  if (!take(header, "', 'fortran_order': ")) return std::nullopt;
  array.column_major = take(header, "True");
  if (!array.column_major && !take(header, "False")) return std::nullopt;
  if (!take(header, ", 'shape': ") || !take_shape(header, array.shape) || !take(header, ", }"))
    return std::nullopt;
  if (!header.ends_with('\n') || header.find_first_not_of(' ') != header.size() - 1) return std::nullopt;
  return array;
}

}  // namespace joulecast::sklearn
