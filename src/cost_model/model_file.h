// What writer and reader of model.json share.
#pragma once

#include <string_view>

#include "joulecast/cost_model.h"

namespace joulecast {

inline constexpr std::string_view kModelFormat = "joulecast-model";
inline constexpr std::string_view kModelFileName = "model.json";

/// "W above idle", "ms".
std::string_view unit_of(Target target);
/// "compat", "converged".
std::string_view to_string(LassoMode mode);

}  // namespace joulecast
