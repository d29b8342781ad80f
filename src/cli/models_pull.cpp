#include "cli/models_pull.h"

#include <fmt/format.h>

#include "cli/fault_tally.h"
#include "cli/named_models.h"
#include "cli/training_log.h"
#include "joulecast/tracking.h"

namespace joulecast::cli {
namespace {

void tell(Console& console, const PulledModel& pulled) {
  console.note(fmt::format("{} version {}: {} file{} in {}", pulled.name, pulled.version, pulled.files.size(),
                           pulled.files.size() == 1 ? "" : "s", pulled.folder.string()));
}

}  // namespace

Expected<int> run_models_pull(Console& console, const CommonOptions& common,
                              const ModelsPullArguments& arguments) {
  const auto server = server_for("models pull", arguments.uri);
  if (!server) return tl::unexpected(server.error());
  const TrackingHooks hooks = console_hooks(console, "pull", "files");
  if (!arguments.model.empty()) {
    const auto pulled = pull_model(*server, arguments.model, arguments.out, hooks);
    console.end_progress();
    if (!pulled) return tl::unexpected(pulled.error());
    tell(console, *pulled);
    return 0;
  }
  const auto pulled = pull_reference_models(*server, arguments.out, hooks);
  console.end_progress();
  FaultTally faults;
  for (const PulledModel& model : pulled.models) tell(console, model);
  for (const auto& [name, error] : pulled.faults) faults.skipped(console, name, error);
  return faults.verdict(!pulled.models.empty(), common.strict, "no model was pulled");
}

}  // namespace joulecast::cli
