// A spooled training, brought to its server. Every step may have been done by an earlier attempt: runs and
// logged models are found by their key, versions by their run, and files and parameters may be sent twice.
//
// What does not depend on one another goes over several connections at once: runs are made and filled, then
// all files of all runs are sent, then each run is closed. The order of a run's own steps, and the parent
// before and after its children, are what finding them again rests on.
#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "base/parallel.h"
#include "tracking/send_run.h"
#include "tracking/spool.h"

namespace joulecast {
namespace tracking {
namespace {

class Sender {
 public:
  Sender(const TrackingServer& server, const TrackingHooks& hooks, const TrainingRecord& record,
         const std::filesystem::path& folder, bool resumed)
      : hooks_(hooks), rest_(server, one_at_a_time()), stores_(rest_), record_(record) {
    training_.folder = folder;
    training_.resumed = resumed;
    training_.end_ms = record.end_ms;
    training_.promotion = record.promotion;
    for (std::size_t i = 0; i <= record.models.size(); ++i) {
      runs_.emplace_back(i, i == 0 ? record.parent : record.models[i - 1]);
      total_ += runs_.back().requests();
    }
  }

  Expected<SentTraining> send() {
    auto experiment = plain(experiment_id(rest_, record_.experiment));
    if (!experiment) return tl::unexpected(std::move(experiment.error()));
    training_.experiment = std::move(*experiment);
    if (auto asked = ask_for_logged_models(); !asked) return tl::unexpected(asked.error());
    SentRun& parent = runs_.front();
    if (auto opened = open(parent); !opened) return tl::unexpected(opened.error());
    for (const auto phase : {&Sender::fill_runs, &Sender::send_files, &Sender::close_runs})
      if (auto done = (this->*phase)(); !done) return tl::unexpected(done.error());
    // The parent is finished last: a finished one tells that everything is there.
    if (!parent.finished_before)
      if (auto done = plain(finish_run(rest_, parent.run.id, record_.end_ms)); !done)
        return tl::unexpected(done.error());
    step();
    return sent();
  }

 private:
  void step(std::size_t steps = 1) {
    const std::scoped_lock lock(hooks_mutex_);
    done_ += steps;
    if (hooks_.progress) hooks_.progress(done_, total_);
  }

  /// What requests tell of: while one is told of, neither another nor progress is.
  TrackingHooks one_at_a_time() {
    TrackingHooks hooks;
    hooks.sleep = hooks_.sleep;
    if (hooks_.on_retry)
      hooks.on_retry = [this](const std::string& why, double seconds) {
        const std::scoped_lock lock(hooks_mutex_);
        hooks_.on_retry(why, seconds);
      };
    return hooks;
  }

  /// Bounds the requests at the same time, and so the connections.
  Expected<void> for_each(std::size_t count, const std::function<Expected<void>(std::size_t)>& work) const {
    return parallel_until_fault(count, std::max<std::size_t>(1, rest_.server().connections), work);
  }

  Expected<void> ask_for_logged_models() {
    if (std::none_of(runs_.begin(), runs_.end(), [](const SentRun& run) { return run.has_model(); }))
      return {};
    const auto knows = plain(knows_logged_models(rest_, training_.experiment));
    if (!knows) return tl::unexpected(knows.error());
    training_.logged_models = *knows;
    return {};
  }

  Expected<void> open(SentRun& run) {
    NewRun wanted{training_.experiment, fmt::format("{}-{}", record_.key, run.number),
                  run.record.name,      {},
                  record_.start_ms,     run.record.tags};
    for (const auto& [key, value] : run.record.tags)
      if (key == "mlflow.user") wanted.user = value;
    if (run.number > 0) wanted.tags.emplace_back("mlflow.parentRunId", runs_.front().run.id);
    auto opened = plain(run_with_key(rest_, wanted, training_.resumed));
    if (!opened) return tl::unexpected(std::move(opened.error()));
    run.run = std::move(*opened);
    run.key = std::move(wanted.key);
    run.finished_before = run.run.status == "FINISHED";
    step(run.finished_before ? run.requests() - 1 : 1);
    return {};
  }

  /// Makes the children; metrics and parameters of all.
  Expected<void> fill_runs() {
    return for_each(runs_.size(), [this](std::size_t i) -> Expected<void> {
      SentRun& run = runs_[i];
      if (i > 0)
        if (auto opened = open(run); !opened) return opened;
      if (run.finished_before) return {};
      if (auto made = make_logged_model(rest_, training_, run); !made) return made;
      for (const Batch& batch : run.batches) {
        if (auto done = send_batch(rest_, training_, run, batch); !done) return done;
        step();
      }
      return {};
    });
  }

  Expected<void> send_files() {
    std::vector<std::pair<const SentRun*, const RunArtifact*>> files;
    for (const SentRun& run : runs_)
      if (!run.finished_before)
        for (const RunArtifact& artifact : run.record.artifacts) files.emplace_back(&run, &artifact);
    return for_each(files.size(), [&](std::size_t i) -> Expected<void> {
      const auto& [run, artifact] = files[i];
      if (auto done = send_file(stores_, training_, *run, artifact->path); !done) return done;
      step();
      return {};
    });
  }

  /// Tells of models, registers them, and finishes the children.
  Expected<void> close_runs() {
    return for_each(runs_.size(), [this](std::size_t i) -> Expected<void> {
      SentRun& run = runs_[i];
      if (run.finished_before) return {};
      if (auto done = announce_model(rest_, training_, run); !done) return done;
      if (auto done = register_model(rest_, stores_, training_, run); !done) return done;
      step((run.has_model() ? 1 : 0) + (run.record.registration ? 1 : 0));
      if (i == 0) return {};
      if (auto done = plain(finish_run(rest_, run.run.id, record_.end_ms)); !done) return done;
      step();
      return {};
    });
  }

  SentTraining sent() {
    const std::string& uri = rest_.server().uri;
    SentTraining sent;
    sent.parent_run = runs_.front().run.id;
    sent.url = fmt::format("{}/#/experiments/{}/runs/{}", uri, training_.experiment, sent.parent_run);
    sent.runs = runs_.size();
    bool told_unannounced = false;
    bool told_aliases = false;
    for (SentRun& run : runs_) {
      if (run.unannounced && !std::exchange(told_unannounced, true))
        sent.warnings.push_back({fmt::format("the run {} does not show its model on its page: {}",
                                             run.record.name, run.unannounced->message)});
      if (run.tagged_champion && !std::exchange(told_aliases, true))
        sent.warnings.push_back({fmt::format("{} has no aliases: the champion is a tag of the model", uri)});
    }
    for (std::size_t i = 1; i <= runs_.size(); ++i) {  // the models, then the whole program
      SentRun& run = runs_[i % runs_.size()];
      if (run.registered) sent.registered.push_back(std::move(*run.registered));
    }
    return sent;
  }

  const TrackingHooks& hooks_;
  std::mutex hooks_mutex_;
  Rest rest_;
  ArtifactStores stores_;
  const TrainingRecord& record_;
  SentTrainingPlace training_;
  std::vector<SentRun> runs_;  ///< the parent first; each is one thread's at a time
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
  auto sent = tracking::Sender(server, hooks, *record, folder, *resumed).send();
  if (!sent) return sent;
  if (auto removed = tracking::remove_spooled(folder); !removed)
    sent->warnings.push_back({removed.error().describe()});
  return sent;
}

}  // namespace joulecast
