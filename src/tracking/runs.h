// Experiments and runs.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tracking/rest.h"

namespace joulecast::tracking {

/// Tag that finds a run again after its answer was lost.
inline constexpr std::string_view kRunKeyTag = "joulecast.run_key";

/// Limits of one log-batch call (MLflow 2.x and 3.x).
inline constexpr std::size_t kMetricsInBatch = 1000;
inline constexpr std::size_t kParamsInBatch = 100;
inline constexpr std::size_t kTagsInBatch = 100;
inline constexpr std::size_t kEntriesInBatch = 1000;

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Run {
  std::string id, artifact_uri, status;
  bool deleted = false;
  bool found = false;  ///< it was there already
};

/// Id of the experiment of this name: found, restored if it was deleted, or made.
ApiResult<std::string> experiment_id(Rest& rest, const std::string& name);

/// The run with this key, deleted ones included.
ApiResult<std::optional<Run>> find_run(Rest& rest, const std::string& experiment, const std::string& key);
struct NewRun {
  std::string experiment, key, name, user;
  std::int64_t start_ms = 0;
  Pairs tags;
};
/// The run with this key: found (and restored if it was deleted) or made; never made twice. Looked for at
/// first only if it `maybe_there`.
ApiResult<Run> run_with_key(Rest& rest, const NewRun& wanted, bool maybe_there);

/// What one call of log-batch takes.
struct Batch {
  Pairs params;
  std::vector<RunMetric> metrics;
};
/// Params and metrics in as few batches as the limits allow, in order.
std::vector<Batch> batches_of(const Pairs& params, const std::vector<RunMetric>& metrics);
/// Metrics that are those of a logged model (run_model.h) too.
struct ModelMetrics {
  std::string model;  ///< its id; empty: there is none
  std::set<std::string> keys;
};
/// Logs a batch. `maybe_there`: an earlier attempt may have brought it, so the server is asked first.
ApiResult<void> log_batch(Rest& rest, const std::string& run, const Batch& batch, std::int64_t time_ms,
                          const ModelMetrics& of_model, bool maybe_there);
ApiResult<void> finish_run(Rest& rest, const std::string& run, std::int64_t end_ms);

/// A key that MLflow accepts: other characters become '_', 250 bytes at most.
std::string accepted_key(std::string_view key);
/// A value that is not cut by the server: longer ones end in "...".
std::string accepted_value(std::string_view value, std::size_t longest);

}  // namespace joulecast::tracking
