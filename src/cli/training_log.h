// A training brought to an MLflow server: where to, and what the user sees of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/flags.h"
#include "config/config.h"
#include "joulecast/tracking.h"

namespace joulecast::cli {

struct TrackArguments {
  std::string uri;  ///< --track; "none": not at all
  std::string experiment;
  std::string promote = "auto";
};
void add_track_flags(FlagSet& flags, TrackArguments& arguments);
/// The last of them alone.
void add_promote_flag(FlagSet& flags, TrackArguments& arguments);

/// Where a training goes.
struct TrackTarget {
  TrackingServer server;
  std::string experiment;
};
/// By --track, else config.yaml's mlflow keys, else MLFLOW_TRACKING_URI; nothing where none of them wants it.
/// Error kUsage for a --track that is no address; one in the environment or a configuration without one is a
/// warning.
Expected<std::optional<TrackTarget>> track_target(Console& console, const TrackArguments& arguments,
                                                  const std::optional<TrackingConfig>& config);

/// Spools the training and sends it. A fault is a warning that says how to send it later; the value is the
/// exit code, 0 unless --strict.
int log_training(Console& console, const CommonOptions& common, const TrackTarget& target,
                 const CostModel& model, TrainingContext context, const std::filesystem::path& models);

/// Hooks that show progress and repetitions.
TrackingHooks console_hooks(Console& console, std::string_view what, std::string_view unit);
/// What was sent, as notes.
void tell(Console& console, const SentTraining& sent);
/// Milliseconds since 1970.
std::int64_t now_ms();
/// The user's name, as Python's getpass has it; empty if nothing tells.
std::string user_name();

}  // namespace joulecast::cli
