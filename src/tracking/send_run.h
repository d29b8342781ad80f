// One run of a training on its way to a server: what is known of it, and its steps. Each step asks or tells
// the server, and may have been done before.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tracking/artifacts.h"
#include "tracking/run_model.h"
#include "tracking/runs.h"

namespace joulecast::tracking {

/// What all runs of a training share.
struct SentTrainingPlace {
  std::filesystem::path folder;  ///< in the spool
  bool resumed = false;          ///< an earlier attempt may have brought anything
  bool logged_models = false;    ///< the server has them
  std::string experiment;
  std::int64_t end_ms = 0;
  Promotion promotion = Promotion::kAuto;
};

struct SentRun {
  SentRun(std::size_t place, const RunRecord& content);

  /// It has an MLflow model among its files.
  [[nodiscard]] bool has_model() const { return model_; }
  /// Steps that progress counts.
  [[nodiscard]] std::size_t requests() const;

  std::size_t number;  ///< in the record: 0 is the parent
  const RunRecord& record;
  std::vector<Batch> batches;
  std::string key;
  Run run;
  bool finished_before = false;  ///< nothing is left to do
  std::optional<LoggedModel> logged;
  /// Those of one value. A server takes seconds for the thousands of a path, when they are a model's too.
  ModelMetrics model_metrics;
  std::optional<RegisteredModel> registered;
  std::optional<Error> unannounced;  ///< why the server's pages do not show the model
  bool tagged_champion = false;      ///< by a tag, as the server has no aliases

 private:
  bool model_ = false;
};

/// Makes or finds the run's logged model, on a server that has them.
Expected<void> make_logged_model(Rest& rest, const SentTrainingPlace& training, SentRun& run);
Expected<void> send_batch(Rest& rest, const SentTrainingPlace& training, const SentRun& run,
                          const Batch& batch);
/// Puts an artifact where it belongs: the logged model's files into its own place, others below the run.
Expected<void> send_file(ArtifactStores& stores, const SentTrainingPlace& training, const SentRun& run,
                         const std::string& path);
/// Tells the server that all files of the model are there.
Expected<void> announce_model(Rest& rest, const SentTrainingPlace& training, SentRun& run);
/// Makes a version of the registered model, if there shall be one, and moves the champion.
Expected<void> register_model(Rest& rest, ArtifactStores& stores, const SentTrainingPlace& training,
                              SentRun& run);

}  // namespace joulecast::tracking
