// What `doctor` says about recordings.
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/stages.h"
#include "joulecast/recording.h"

namespace joulecast::cli {

/// Checks the recording of each network that has power and time stamps, and prints one line a network, then
/// each network's layers (all of them if there is one network or `every_layer`, else none), then advice. The
/// first file that is damaged is the error; logs that are only unfit for a regression are told as warnings.
Expected<void> tell_recordings(Console& console, const std::string& raw_data, bool every_layer,
                               const AttributeArguments& log_form);

}  // namespace joulecast::cli
