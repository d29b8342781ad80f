// The files of one version of a registered model.
#pragma once

#include <filesystem>

#include "tracking/registry.h"

namespace joulecast::tracking {

/// Downloads them into a folder that must not be there, or be empty; it appears whole or not at all. Errors:
/// those of pull_model.
Expected<PulledModel> download_model(Rest& rest, const ResolvedModel& model, const std::filesystem::path& out,
                                     const TrackingHooks& hooks);

}  // namespace joulecast::tracking
