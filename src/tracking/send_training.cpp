// A spooled training, brought to its server. Every step may have been done by an earlier attempt: runs are
// found by their key, versions by their run, and files and parameters may be sent twice.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "tracking/artifacts.h"
#include "tracking/model_flavors.h"
#include "tracking/registry.h"
#include "tracking/runs.h"
#include "tracking/spool.h"

namespace joulecast {
namespace tracking {
namespace {

constexpr std::string_view kFinished = "FINISHED";

bool has_mlflow_model(const RunRecord& run) {
  const std::string file = "model/" + std::string(kMlModel);
  return std::any_of(run.artifacts.begin(), run.artifacts.end(),
                     [&](const RunArtifact& artifact) { return artifact.path == file; });
}

/// Requests of a run beside its batches and the one that makes it.
std::size_t later_requests(const RunRecord& run) {
  return 1 + run.artifacts.size() + (has_mlflow_model(run) ? 1 : 0) + (run.registration ? 1 : 0);
}

class Sender {
 public:
  Sender(Rest& rest, const TrainingRecord& record, std::filesystem::path folder, bool resumed,
         const TrackingHooks& hooks)
      : rest_(rest), record_(record), folder_(std::move(folder)), resumed_(resumed), hooks_(hooks) {
    for (std::size_t i = 0; i <= record.models.size(); ++i) {
      const RunRecord& run = run_at(i);
      total_ += 1 + batches_of(run.params, run.metrics).size() + later_requests(run);
    }
  }

  Expected<SentTraining> send() {
    auto experiment = experiment_id(rest_, record_.experiment);
    if (!experiment) return tl::unexpected(std::move(experiment.error().error));
    experiment_ = std::move(*experiment);
    const auto parent = open_run(0, {});
    if (!parent) return tl::unexpected(parent.error());
    sent_.parent_run = parent->id;
    sent_.url = fmt::format("{}/#/experiments/{}/runs/{}", rest_.server().uri, experiment_, parent->id);
    for (std::size_t i = 1; i <= record_.models.size(); ++i) {
      const auto run = open_run(i, parent->id);
      if (!run) return tl::unexpected(run.error());
      if (auto done = fill_run(i, *run); !done) return tl::unexpected(done.error());
    }
    // The parent is finished last: a finished one tells that everything is there.
    if (auto done = fill_run(0, *parent); !done) return tl::unexpected(done.error());
    sent_.runs = record_.models.size() + 1;
    return std::move(sent_);
  }

 private:
  [[nodiscard]] const RunRecord& run_at(std::size_t i) const {
    return i == 0 ? record_.parent : record_.models[i - 1];
  }

  void step(std::size_t steps = 1) {
    done_ += steps;
    if (hooks_.progress) hooks_.progress(done_, total_);
  }

  Expected<Run> open_run(std::size_t i, const std::string& parent) {
    const RunRecord& record = run_at(i);
    NewRun wanted{experiment_, fmt::format("{}-{}", record_.key, i), record.name, {}, record_.start_ms,
                  record.tags};
    for (const auto& [key, value] : record.tags)
      if (key == "mlflow.user") wanted.user = value;
    if (!parent.empty()) wanted.tags.emplace_back("mlflow.parentRunId", parent);
    auto run = run_with_key(rest_, wanted, resumed_);
    if (!run) return tl::unexpected(std::move(run.error().error));
    step();
    return std::move(*run);
  }

  Expected<void> fill_run(std::size_t i, const Run& run) {
    const RunRecord& record = run_at(i);
    const auto batches = batches_of(record.params, record.metrics);
    if (run.status == kFinished) {
      step(batches.size() + later_requests(record));
      return {};
    }
    for (const Batch& batch : batches) {
      if (auto done = plain(log_batch(rest_, run.id, batch, record_.end_ms, run.found)); !done) return done;
      step();
    }
    if (auto done = send_artifacts(i, run); !done) return done;
    if (has_mlflow_model(record)) {
      announce_model(record, run);
      step();
    }
    if (record.registration) {
      if (auto done = register_model(*record.registration, run); !done) return done;
      step();
    }
    if (auto done = plain(finish_run(rest_, run.id, record_.end_ms)); !done) return done;
    step();
    return {};
  }

  Expected<void> send_artifacts(std::size_t i, const Run& run) {
    const RunRecord& record = run_at(i);
    if (record.artifacts.empty()) return {};
    auto store = ArtifactStore::open(rest_, run.artifact_uri);
    if (!store) return tl::unexpected(store.error());
    for (const RunArtifact& artifact : record.artifacts) {
      const auto file = artifact_file(folder_, i, artifact.path);
      if (auto done = plain(store->put(file, artifact.path)); !done) return done;
      step();
    }
    return {};
  }

  /// Only the pages of the server need it, so a fault is no more than a warning, told once.
  void announce_model(const RunRecord& record, const Run& run) {
    const auto done = log_model(rest_, run.id, record_.end_ms, run.found);
    if (done || told_unannounced_) return;
    told_unannounced_ = true;
    sent_.warnings.push_back({fmt::format("the run {} does not show its model on its page: {}", record.name,
                                          done.error().error.message)});
  }

  /// A registry takes any source, so the files are looked for before it is told of them.
  Expected<void> check_model_files(const Run& run) {
    auto store = ArtifactStore::open(rest_, run.artifact_uri);
    if (!store) return tl::unexpected(store.error());
    const auto files = plain(store->list("model"));
    if (!files) return tl::unexpected(files.error());
    if (files->empty())
      return fail(ErrorKind::kServer,
                  fmt::format("{} took the model's files and does not list them", rest_.server().uri), {},
                  "Look at the server's artifact store");
    return {};
  }

  Expected<void> register_model(const ModelRegistration& wanted, const Run& run) {
    if (auto there = check_model_files(run); !there) return there;
    const auto version = plain(version_of_run(rest_, wanted, run.artifact_uri + "/model", run.id, resumed_));
    if (!version) return tl::unexpected(version.error());
    const auto champion = plain(champion_of(rest_, wanted.name));
    if (!champion) return tl::unexpected(champion.error());
    RegisteredModel registered{wanted.name, *version, false, {}};
    if (*champion && (*champion)->version == *version) {  // an earlier attempt has moved it
      registered.champion = true;
      registered.reason = "it is already";
    } else {
      const Decision decision = decide(record_.promotion, wanted, *champion);
      registered.champion = decision.promote;
      registered.reason = decision.reason;
      if (decision.promote) {
        const auto alias = plain(make_champion(rest_, wanted.name, *version));
        if (!alias) return tl::unexpected(alias.error());
        if (!*alias && !std::exchange(told_aliases_, true))
          sent_.warnings.push_back(
              {fmt::format("{} has no aliases: the champion is a tag of the model", rest_.server().uri)});
      }
    }
    sent_.registered.push_back(std::move(registered));
    return {};
  }

  Rest& rest_;
  const TrainingRecord& record_;
  std::filesystem::path folder_;
  bool resumed_;  ///< an earlier attempt may have brought anything
  const TrackingHooks& hooks_;
  std::string experiment_;
  SentTraining sent_;
  bool told_unannounced_ = false, told_aliases_ = false;
  std::size_t done_ = 0, total_ = 0;
};

}  // namespace
}  // namespace tracking

Expected<SentTraining> send_spooled(const std::filesystem::path& folder, const TrackingServer& server,
                                    const TrackingHooks& hooks) {
  const auto lock = tracking::SpoolLock::take(folder);
  if (!lock) return tl::unexpected(lock.error());
  const auto record = tracking::read_spooled(folder);
  if (!record) return tl::unexpected(record.error());
  const auto resumed = tracking::begin_attempt(folder);
  if (!resumed) return tl::unexpected(resumed.error());
  tracking::Rest rest(server, hooks);
  auto sent = tracking::Sender(rest, *record, folder, *resumed, hooks).send();
  if (!sent) return sent;
  if (auto removed = tracking::remove_spooled(folder); !removed)
    sent->warnings.push_back({removed.error().describe()});
  return sent;
}

}  // namespace joulecast
