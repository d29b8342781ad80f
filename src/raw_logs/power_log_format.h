// Which form a power log has.
#pragma once

#include <string_view>

#include "joulecast/raw_logs.h"

namespace joulecast {

/// By the first two lines, given whole (as far as the log has them). A header over the reference's lines
/// makes no CSV of them: its own reader then says what is wrong.
PowerFormat detect_power_format(std::string_view head);

}  // namespace joulecast
