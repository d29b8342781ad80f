#include "cli/named_models.h"

#include <filesystem>

#include <fmt/format.h>

#include "cli/training_log.h"
#include "cost_model/model_file.h"
#include "joulecast/sklearn_import.h"

namespace joulecast::cli {

Expected<TrackingServer> server_for(std::string_view what, const std::string& uri) {
  const Environment environment = process_environment();
  const std::string address = uri.empty() ? environment("MLFLOW_TRACKING_URI").value_or("") : uri;
  if (address.empty())
    return fail(ErrorKind::kUsage, fmt::format("{} needs an MLflow server", what), {},
                "Give --track URI, or set MLFLOW_TRACKING_URI");
  return tracking_server(address, environment);
}

Expected<NamedModels> load_named_models(Console& console, const std::string& where, const std::string& uri) {
  if (!is_registered_model(where)) {
    if (!uri.empty())
      return fail(ErrorKind::kUsage, fmt::format("--track is for models:/..., and {} is none", where), {},
                  "Leave --track out, or name a registered model");
    auto model = load_cost_model(where);
    if (!model) return tl::unexpected(model.error());
    return NamedModels{std::move(*model), where};
  }
  const auto server = server_for(where, uri);
  if (!server) return tl::unexpected(server.error());
  const auto cache = model_cache_folder(process_environment());
  if (!cache) return tl::unexpected(cache.error());
  const auto cached = cached_model(*server, where, *cache, console_hooks(console, "pull", "files"));
  console.end_progress();
  if (!cached) return tl::unexpected(cached.error());
  for (const Warning& warning : cached->warnings) console.warning(warning);
  NamedModels named{{}, fmt::format("models:/{}/{}", cached->name, cached->version)};
  if (named.name != where) console.note(fmt::format("{} is version {}", where, cached->version));
  // The cache's folders do not tell of which layers a model of scikit-learn is, but its name may.
  const SklearnTarget what = sklearn_target_of(cached->name);
  std::error_code code;
  const bool ours = std::filesystem::exists(cached->folder / kModelFileName, code);
  auto model = !ours && what.kind && is_sklearn_model(cached->folder)
                   ? import_sklearn_models(cached->folder, what)
                   : load_cost_model(cached->folder);
  if (!model) return tl::unexpected(model.error());
  named.model = std::move(*model);
  return named;
}

}  // namespace joulecast::cli
