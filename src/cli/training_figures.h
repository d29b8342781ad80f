// Figures of a training: what its models say of networks that were held out, beside what was measured.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/flags.h"
#include "joulecast/report.h"
#include "joulecast/tracking.h"

namespace joulecast::cli {

/// Takes the figures of an earlier training out of MODELS/figures, and draws there those of this one. Faults
/// are warnings. Returns what was drawn, by the name of its model's run.
std::map<std::string, std::vector<RunArtifact>> draw_training_figures(Console& console,
                                                                      const CommonOptions& common,
                                                                      const CostModel& model,
                                                                      const TrainingSet& data,
                                                                      const std::filesystem::path& models);
/// The first part alone, of a training without figures.
void remove_training_figures(Console& console, const std::filesystem::path& models);

}  // namespace joulecast::cli
