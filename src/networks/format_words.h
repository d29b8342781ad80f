// The words TensorRT uses for element types.
#pragma once

#include <string_view>

#include "joulecast/networks.h"

namespace joulecast {

/// Element type named in a "Format/Datatype" or "Weights"."Type" value; kUnknown where none is, as in
/// "N/A due to dynamic shapes".
DataType type_of_format(std::string_view format);

/// ASCII comparison; `lower` is in lower case already.
bool equal_ignoring_case(std::string_view text, std::string_view lower);

}  // namespace joulecast
