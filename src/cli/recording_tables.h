// What `doctor` says about recordings.
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/stages.h"
#include "joulecast/recording.h"

namespace joulecast::cli {

/// What is wrong with recordings: files that are damaged, and logs that give no power. Doubts: logs that the
/// regression cannot use, but the window method or run times alone can.
struct RecordingFaults {
  std::size_t faults = 0, doubts = 0;
  int exit_code = 0;  ///< of the first fault
};
/// Checks the recording of each network that has power and time stamps, and prints one line a network, then
/// each network's layers (all of them if there is one network or `every_layer`, else none), then advice.
RecordingFaults tell_recordings(Console& console, const std::string& raw_data, bool every_layer,
                                const std::vector<std::string>& only, const PowerLogOptions& options);

}  // namespace joulecast::cli
