#include "cli/training_log.h"

#include <pwd.h>
#include <unistd.h>

#include <chrono>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "base/shell_text.h"

namespace joulecast::cli {
namespace {

constexpr const char* kDefaultExperiment = "joulecast";

struct Wanted {
  std::string uri;
  std::string said_by;  ///< empty: --track
};

/// The address, and who gave it; nothing if nobody did.
std::optional<Wanted> wanted_uri(Console& console, const TrackArguments& arguments,
                                 const std::optional<TrackingConfig>& config) {
  if (arguments.uri == "none") return std::nullopt;
  if (!arguments.uri.empty()) return Wanted{arguments.uri, {}};
  if (config && !config->enable_tracking) return std::nullopt;
  if (const auto uri = process_environment()("MLFLOW_TRACKING_URI"); uri && !uri->empty())
    return Wanted{*uri, "MLFLOW_TRACKING_URI"};
  if (!config) return std::nullopt;
  if (config->dagshub_repo_owner.empty() || config->dagshub_repo_name.empty()) {
    console.warning(
        "mlflow.enable_tracking is true, but nothing names a server: no runs are recorded. Give --track "
        "URI, MLFLOW_TRACKING_URI, or dagshub_repo_owner and dagshub_repo_name");
    return std::nullopt;
  }
  return Wanted{dagshub_tracking_uri(config->dagshub_repo_owner, config->dagshub_repo_name),
                "dagshub_repo_owner and dagshub_repo_name"};
}

}  // namespace

void add_track_flags(FlagSet& flags, TrackArguments& arguments) {
  flags.add("--track", "URI", &arguments.uri,
            "MLflow server to record the training on, or 'none'; by default that of the configuration's "
            "mlflow keys or of MLFLOW_TRACKING_URI, if there is one");
  flags.add("--experiment", "NAME", &arguments.experiment,
            "Experiment of the runs; by default the configuration's, MLFLOW_EXPERIMENT_NAME, or 'joulecast'");
  add_promote_flag(flags, arguments);
}

void add_promote_flag(FlagSet& flags, TrackArguments& arguments) {
  flags
      .add("--promote", "WHEN", &arguments.promote,
           "Whether the registry's alias 'champion' moves to the new models: auto (the default: where they "
           "are "
           "better on the same held-out networks), always or never")
      .choices = {"auto", "always", "never"};
}

Expected<std::optional<TrackTarget>> track_target(Console& console, const TrackArguments& arguments,
                                                  const std::optional<TrackingConfig>& config) {
  const auto wanted = wanted_uri(console, arguments, config);
  if (!wanted) return std::nullopt;
  const Environment environment = process_environment();
  auto server = tracking_server(wanted->uri, environment);
  if (!server && wanted->said_by.empty()) return tl::unexpected(server.error());
  if (!server) {
    console.survived(wanted->said_by, "not used, no runs are recorded", server.error());
    return std::nullopt;
  }
  TrackTarget target{std::move(*server), arguments.experiment};
  if (target.experiment.empty() && config) target.experiment = config->experiment_name;
  if (target.experiment.empty()) target.experiment = environment("MLFLOW_EXPERIMENT_NAME").value_or("");
  if (target.experiment.empty()) target.experiment = kDefaultExperiment;
  return target;
}

TrackingHooks console_hooks(Console& console, std::string_view what, std::string_view unit) {
  TrackingHooks hooks;
  hooks.progress = [&console, what = std::string(what), unit = std::string(unit)](
                       std::size_t done, std::size_t total) { console.progress(what, done, total, unit); };
  hooks.on_retry = [&console](const std::string& why, double seconds) {
    console.detail(fmt::format("{}; trying again in {:.1f} s", why, seconds));
  };
  return hooks;
}

void tell(Console& console, const SentTraining& sent) {
  for (const Warning& warning : sent.warnings) console.warning(warning);
  for (const RegisteredModel& model : sent.registered)
    console.detail(fmt::format("{} version {}{}: {}", model.name, model.version,
                               model.champion ? " is champion" : " is not champion", model.reason));
  const auto champions = std::count_if(sent.registered.begin(), sent.registered.end(),
                                       [](const RegisteredModel& model) { return model.champion; });
  console.note(fmt::format("{} runs and {} model versions recorded, {} of them champion", sent.runs,
                           sent.registered.size(), champions));
  console.note(sent.url);
}

int log_training(Console& console, const CommonOptions& common, const TrackTarget& target,
                 const CostModel& model, TrainingContext context, const std::filesystem::path& models) {
  context.uri = target.server.uri;
  context.experiment = target.experiment;
  context.user = user_name();
  const auto folder = spool_training(describe_training(model, context), models);
  if (!folder) {
    console.survived("tracking", "given up", folder.error());
    return common.strict ? exit_code(folder.error().kind) : 0;
  }
  const auto sent = send_spooled(*folder, target.server, console_hooks(console, "track", "requests"));
  console.end_progress();
  if (sent) {
    tell(console, *sent);
    return 0;
  }
  console.survived("tracking", "put off", sent.error());
  console.note(fmt::format("the models are complete; `joulecast track resume {}` sends the runs",
                           shell_quoted(models.string())));
  return common.strict ? exit_code(sent.error().kind) : 0;
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string user_name() {
  const Environment environment = process_environment();
  for (const char* name : {"LOGNAME", "USER", "LNAME", "USERNAME"})
    if (const auto value = environment(name); value && !value->empty()) return *value;
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? entry->pw_name : "";
}

}  // namespace joulecast::cli
