// Models that a command reads, as the user names them: a place on this machine, or models:/... of a server.
#pragma once

#include <string>

#include "cli/console.h"
#include "joulecast/cost_model.h"
#include "joulecast/tracking.h"

namespace joulecast::cli {

/// The server at `uri`, or else at MLFLOW_TRACKING_URI, for what needs one ("models pull"). Errors: kUsage
/// without either, or if it is no address.
Expected<TrackingServer> server_for(std::string_view what, const std::string& uri);

struct NamedModels {
  CostModel model;
  std::string name;  ///< as the user gave it, but for an alias or latest the version that it stood for
};
/// `where` is what load_cost_model takes, or models:/NAME/VERSION, @ALIAS or /latest, of which a cache keeps
/// copies (joulecast/tracking.h). Warnings of the cache are told; those of the models are in `model`. Errors:
/// those of load_cost_model, server_for and cached_model; kUsage for a `uri` that nothing needs.
Expected<NamedModels> load_named_models(Console& console, const std::string& where, const std::string& uri);

}  // namespace joulecast::cli
