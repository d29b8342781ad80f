// numpy's file format for one array (numpy/lib/format.py), version 1.0.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace joulecast::sklearn {

struct NpyArray {
  std::string_view type;  ///< "<f8"
  bool column_major = false;
  std::vector<std::size_t> shape;
  std::string_view bytes;  ///< of the elements
};

/// Views into `file`. Nothing if the header is not exactly what numpy writes.
std::optional<NpyArray> read_npy(std::string_view file);

}  // namespace joulecast::sklearn
