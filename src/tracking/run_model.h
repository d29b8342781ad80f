// The model of a run, as the server shows it: of MLflow 3 a logged model, which has a place for its files of
// its own; of MLflow 2 files below the run's `model/` and a tag that names them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tracking/rest.h"

namespace joulecast::tracking {

/// Tag of a logged model that finds it again after its answer was lost.
inline constexpr std::string_view kModelKeyTag = "joulecast.run_key";

/// A model of MLflow 3.
struct LoggedModel {
  std::string id;            ///< "m-..."
  std::string artifact_uri;  ///< where its files go
  std::string status;

  [[nodiscard]] bool ready() const { return status == "LOGGED_MODEL_READY"; }
};
/// Whether the server has logged models.
ApiResult<bool> knows_logged_models(Rest& rest, const std::string& experiment);

struct NewLoggedModel {
  std::string experiment, run, key, name;
};
/// The logged model with this key: found or made, never made twice. Looked for at first only if it
/// `maybe_there`.
ApiResult<LoggedModel> logged_model_with_key(Rest& rest, const NewLoggedModel& wanted, bool maybe_there);
/// Makes it the run's and tells that all of its files are there. If that `maybe_there` the server is asked
/// first.
ApiResult<void> finish_logged_model(Rest& rest, const std::string& run, const LoggedModel& model,
                                    bool maybe_there);

/// Tells a server without logged models that the files below `model/` are a model, for its pages. If it
/// `maybe_there` the server is asked first, as each call makes an entry.
ApiResult<void> log_model(Rest& rest, const std::string& run, std::int64_t time_ms, bool maybe_there);

/// An MLmodel file that says which run it is of, when it was made, and which logged model it is.
std::string filled_ml_model(std::string text, const std::string& run, std::int64_t time_ms,
                            const std::optional<LoggedModel>& logged);

}  // namespace joulecast::tracking
