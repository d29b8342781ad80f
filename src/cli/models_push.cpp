#include "cli/models_push.h"

#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/shell_text.h"
#include "joulecast/cost_model.h"

namespace joulecast::cli {
namespace {

namespace fs = std::filesystem;

/// What the models themselves say of the training that made them.
TrainingContext context_of(const CostModel& model, const TrackTarget& target) {
  TrainingContext context;
  context.uri = target.server.uri;
  context.experiment = target.experiment;
  context.start_ms = context.end_ms = now_ms();
  context.estimator = model.physical.empty() ? "lasso" : model.lasso.empty() ? "physical" : "auto";
  context.user = user_name();
  context.source = "/";  // the rows are not known, and so no checkout around them
  std::set<std::string> test_networks;
  for (const LassoModel& one : model.lasso)
    test_networks.insert(one.test_networks.begin(), one.test_networks.end());
  context.test_networks.assign(test_networks.begin(), test_networks.end());
  return context;
}

}  // namespace

Expected<int> run_models_push(Console& console, const ModelsPushArguments& arguments) {
  const auto target = track_target(console, arguments.track, std::nullopt);
  if (!target) return tl::unexpected(target.error());
  if (!*target)
    return fail(ErrorKind::kUsage, "models push needs an MLflow server", {},
                "Give --track URI, or set MLFLOW_TRACKING_URI");
  const auto model = load_cost_model(arguments.models);
  if (!model) return tl::unexpected(model.error());
  for (const Warning& warning : model->warnings) console.warning(warning);
  TrainingContext context = context_of(*model, **target);
  context.promotion = *promotion_from(arguments.track.promote);

  std::error_code code;
  const fs::path path = arguments.models;
  const fs::path folder = fs::is_directory(path, code) ? path : fs::absolute(path, code).parent_path();
  const auto spooled = spool_training(describe_training(*model, context), folder);
  if (!spooled) return tl::unexpected(spooled.error());
  const auto sent = send_spooled(*spooled, (*target)->server, console_hooks(console, "push", "requests"));
  console.end_progress();
  if (!sent) {
    console.note(
        fmt::format("`joulecast track resume {}` sends what is missing", shell_quoted(folder.string())));
    return tl::unexpected(sent.error());
  }
  tell(console, *sent);
  return 0;
}

}  // namespace joulecast::cli
