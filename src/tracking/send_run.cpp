#include "tracking/send_run.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "tracking/model_flavors.h"
#include "tracking/registry.h"
#include "tracking/spool.h"

namespace joulecast::tracking {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kModelFolder = "model";

std::string model_description_file() {
  return fmt::format("{}/{}", kModelFolder, kMlModel);
}

/// The model's MLmodel with what only the server knows, beside the record's own files.
Expected<fs::path> write_filled_ml_model(const SentTrainingPlace& training, const SentRun& run,
                                         const fs::path& file) {
  auto text = read_whole_file(file);
  if (!text) return tl::unexpected(text.error());
  fs::path filled = training.folder / fmt::format("{}-{}", kMlModel, run.number);
  const std::string content = filled_ml_model(std::move(*text), run.run.id, training.end_ms, run.logged);
  if (auto written = write_file_atomically(filled, content); !written) return tl::unexpected(written.error());
  return filled;
}

/// A registry takes any source, so the files are looked for before it is told of them.
Expected<void> check_model_files(const Rest& rest, ArtifactStores& stores, const SentRun& run) {
  auto store = stores.at(run.logged ? run.logged->artifact_uri : run.run.artifact_uri);
  if (!store) return tl::unexpected(store.error());
  const auto files = plain(store->list(run.logged ? "" : std::string(kModelFolder)));
  if (!files) return tl::unexpected(files.error());
  if (files->empty())
    return fail(ErrorKind::kServer,
                fmt::format("{} took the model's files and does not list them", rest.server().uri), {},
                "Look at the server's artifact store");
  return {};
}

Expected<void> move_champion(Rest& rest, const SentTrainingPlace& training, SentRun& run,
                             const std::string& version) {
  const ModelRegistration& wanted = *run.record.registration;
  const auto champion = plain(champion_of(rest, wanted.name));
  if (!champion) return tl::unexpected(champion.error());
  run.registered = RegisteredModel{wanted.name, version, false, {}};
  if (*champion && (*champion)->version == version) {  // an earlier attempt has moved it
    run.registered->champion = true;
    run.registered->reason = "it is already";
    return {};
  }
  const Decision decision = decide(training.promotion, wanted, *champion);
  run.registered->champion = decision.promote;
  run.registered->reason = decision.reason;
  if (!decision.promote) return {};
  const auto alias = plain(make_champion(rest, wanted.name, version));
  if (!alias) return tl::unexpected(alias.error());
  run.tagged_champion = !*alias;
  return {};
}

}  // namespace

SentRun::SentRun(std::size_t place, const RunRecord& content)
    : number(place), record(content), batches(batches_of(content.params, content.metrics)) {
  model_ = std::any_of(content.artifacts.begin(), content.artifacts.end(),
                       [](const RunArtifact& artifact) { return artifact.path == model_description_file(); });
  std::map<std::string, std::size_t> values;
  for (const RunMetric& metric : content.metrics) ++values[metric.key];
  for (const auto& [name, count] : values)
    if (count == 1) model_metrics.keys.insert(name);
}

std::size_t SentRun::requests() const {
  constexpr std::size_t kMadeAndFinished = 2;
  return kMadeAndFinished + batches.size() + record.artifacts.size() + (has_model() ? 1 : 0) +
         (record.registration ? 1 : 0);
}

Expected<void> make_logged_model(Rest& rest, const SentTrainingPlace& training, SentRun& run) {
  if (!training.logged_models || !run.has_model()) return {};
  const NewLoggedModel wanted{training.experiment, run.run.id, run.key, run.record.name};
  auto made = plain(logged_model_with_key(rest, wanted, run.run.found));
  if (!made) return tl::unexpected(made.error());
  run.logged = std::move(*made);
  run.model_metrics.model = run.logged->id;
  return {};
}

Expected<void> send_batch(Rest& rest, const SentTrainingPlace& training, const SentRun& run,
                          const Batch& batch) {
  return plain(log_batch(rest, run.run.id, batch, training.end_ms, run.model_metrics, run.run.found));
}

Expected<void> send_file(ArtifactStores& stores, const SentTrainingPlace& training, const SentRun& run,
                         const std::string& path) {
  fs::path file = artifact_file(training.folder, run.number, path);
  if (path == model_description_file()) {
    auto filled = write_filled_ml_model(training, run, file);
    if (!filled) return tl::unexpected(filled.error());
    file = std::move(*filled);
  }
  const std::string below_model = fmt::format("{}/", kModelFolder);
  const bool to_logged = run.logged && path.starts_with(below_model);
  auto store = stores.at(to_logged ? run.logged->artifact_uri : run.run.artifact_uri);
  if (!store) return tl::unexpected(store.error());
  return plain(store->put(file, to_logged ? path.substr(below_model.size()) : path));
}

Expected<void> announce_model(Rest& rest, const SentTrainingPlace& training, SentRun& run) {
  if (run.logged) return plain(finish_logged_model(rest, run.run.id, *run.logged, run.run.found));
  if (!run.has_model()) return {};
  // Only the pages of the server need it, so a fault is no more than a warning.
  if (auto done = log_model(rest, run.run.id, training.end_ms, run.run.found); !done)
    run.unannounced = std::move(done.error().error);
  return {};
}

Expected<void> register_model(Rest& rest, ArtifactStores& stores, const SentTrainingPlace& training,
                              SentRun& run) {
  if (!run.record.registration) return {};
  if (auto there = check_model_files(rest, stores, run); !there) return there;
  VersionSource source{fmt::format("{}/{}", run.run.artifact_uri, kModelFolder), run.run.id, {}};
  if (run.logged) source = {fmt::format("{}{}", kModelScheme, run.logged->id), run.run.id, run.logged->id};
  const auto version = plain(version_of_run(rest, *run.record.registration, source, training.resumed));
  if (!version) return tl::unexpected(version.error());
  return move_champion(rest, training, run, *version);
}

}  // namespace joulecast::tracking
