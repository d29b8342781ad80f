// Trainings recorded on an MLflow server, and models from its registry; over REST, without Python.
//
// Beside the stages: a training is described (values), laid into a spool beside its models, and sent from
// there. A server that fails costs nothing but time: what could not be sent stays in the spool and is sent
// later, exactly once. docs/tracking.md has names and forms.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "joulecast/cost_model.h"
#include "joulecast/environment.h"
#include "joulecast/error.h"

namespace joulecast {

/// An MLflow server and what it takes to use it. Secrets are in here: never print it.
struct TrackingServer {
  std::string uri;             ///< without user, password and last slash
  std::string user, password;  ///< HTTP Basic
  std::string token;           ///< Bearer, if there is neither
  /// The password is DagsHub's token; without `user` DagsHub is asked for the user's name.
  bool dagshub_token = false;
  bool verify_tls = true;
  std::string ca_bundle, client_certificate;  ///< PEM files; empty: none
  int retries = 4;
  double back_off_seconds = 0.5;  ///< before the first repetition, doubled from one to the next
  double jitter = 0.5;            ///< up to this share of it is added
  double timeout_seconds = 120.0;
  std::size_t connections = 4;  ///< that a training is sent over at once
};

/// The server at `uri` with what MLFLOW_TRACKING_* and ~/.mlflow/credentials say, as the Python client has
/// it: user and password before a token; those of the environment before those in the address, and these
/// before the file. At DagsHub DAGSHUB_USER_TOKEN where there is neither password nor token. Errors: kUsage
/// if `uri` is no http(s) address.
Expected<TrackingServer> tracking_server(std::string_view uri, const Environment& environment);
/// https://dagshub.com/OWNER/NAME.mlflow
std::string dagshub_tracking_uri(std::string_view owner, std::string_view name);

struct RunMetric {
  std::string key;
  double value = 0.0;
  std::int64_t step = 0;
};
/// A file of a run: its path below the run's artifacts, and its bytes.
struct RunArtifact {
  std::string path;
  std::string content;
};
/// A version of a registered model to be made of the run's artifacts below `model/`.
struct ModelRegistration {
  std::string name;
  std::string description;
  std::optional<double> score;  ///< error on what was held out, less is better
  std::string score_basis;      ///< what the score is of; scores of another basis cannot be compared
};
/// One run as it shall stand on the server.
struct RunRecord {
  std::string name;
  std::vector<std::pair<std::string, std::string>> params, tags;
  std::vector<RunMetric> metrics;
  std::vector<RunArtifact> artifacts;
  std::optional<ModelRegistration> registration;
};

/// When the alias `champion` moves to the version that a training registers.
enum class Promotion { kAuto, kAlways, kNever };
/// "auto", "always", "never".
std::string_view to_string(Promotion promotion);
std::optional<Promotion> promotion_from(std::string_view name);

/// A training as it shall stand on the server: a parent run, and a run a model below it.
struct TrainingRecord {
  std::string key;  ///< 32 hexadecimal digits that no other training has; finds what was sent before
  std::string uri;
  std::string experiment;
  Promotion promotion = Promotion::kAuto;
  std::int64_t start_ms = 0, end_ms = 0;  ///< of the training, since 1970
  RunRecord parent;
  std::vector<RunRecord> models;
};

/// What a record says besides what the models hold.
struct TrainingContext {
  std::string uri, experiment;
  Promotion promotion = Promotion::kAuto;
  std::int64_t start_ms = 0, end_ms = 0;
  std::string estimator;                   ///< as the user gave it
  std::string user;                        ///< for the tag mlflow.user
  std::filesystem::path source;            ///< folder of the training rows; the git commit is that around it
  std::vector<std::string> test_networks;  ///< held out
  std::map<std::string, std::vector<RunArtifact>> figures{};  ///< by the name of the run that they belong to
};
/// Names, parameters, metrics, tags and files of a training. A new key each time.
TrainingRecord describe_training(const CostModel& model, const TrainingContext& context);

/// Lays a record with its files into MODELS/.tracking-spool; returns its folder there. Error kNotWritable.
Expected<std::filesystem::path> spool_training(const TrainingRecord& record,
                                               const std::filesystem::path& models);
/// The records that wait in a models folder, oldest first. Error kUnreadable.
Expected<std::vector<std::filesystem::path>> spooled_trainings(const std::filesystem::path& models);
/// URI of the server that a record in a spool is for. Errors: kUnreadable, kMalformed.
Expected<std::string> server_of_spooled(const std::filesystem::path& folder);

/// While a training is sent several threads call them: progress and on_retry one at a time, sleep not.
struct TrackingHooks {
  /// How many of how many requests are done.
  std::function<void(std::size_t done, std::size_t total)> progress;
  /// A request is made again, and why.
  std::function<void(const std::string& why, double seconds)> on_retry;
  /// Waits for so many seconds; by default it does.
  std::function<void(double seconds)> sleep;
};
struct RegisteredModel {
  std::string name, version;
  bool champion = false;  ///< the alias was moved here
  std::string reason;     ///< why, or why not
};
struct SentTraining {
  std::string url;  ///< the parent run's page
  std::string parent_run;
  std::size_t runs = 0;
  std::vector<RegisteredModel> registered;
  std::vector<Warning> warnings;  ///< what the server does not offer
};
/// Sends a record of a spool and removes it. What an earlier attempt has brought to the server is found there
/// and not sent again. Errors, the record stays then: kServer, kAccessDenied; kUnfit if another process is
/// sending from this spool, if files cannot be brought from here to where the server keeps its artifacts, or
/// if one is too large for it (5 GiB for S3).
Expected<SentTraining> send_spooled(const std::filesystem::path& folder, const TrackingServer& server,
                                    const TrackingHooks& hooks = {});

struct PulledModel {
  std::string name, version;
  std::string source;  ///< URI of the artifacts
  std::filesystem::path folder;
  std::vector<std::filesystem::path> files;
};
/// Downloads models:/NAME/VERSION, models:/NAME@ALIAS or models:/NAME/latest into a folder, which appears
/// whole or not at all. Errors: kUsage (no such form), kServer, kAccessDenied, kNotWritable; kUnfit for an
/// artifact location that cannot be read from here.
Expected<PulledModel> pull_model(const TrackingServer& server, std::string_view model_uri,
                                 const std::filesystem::path& out, const TrackingHooks& hooks = {});

/// Does a text name a model of a registry: "models:/..."?
bool is_registered_model(std::string_view text);
/// $XDG_CACHE_HOME/joulecast/models, or ~/.cache/joulecast/models. Error kUsage if neither variable is set.
Expected<std::filesystem::path> model_cache_folder(const Environment& environment);
/// A registered model's files on this machine.
struct CachedModel {
  std::filesystem::path folder;
  std::string name, version;
  std::vector<Warning> warnings;  ///< the server did not answer, or a copy was damaged
};
/// The files of a model from a cache, into which they are pulled first where they are not there. A copy is
/// used only if each file has the SHA-256 that it came with; else it is pulled anew. models:/NAME/VERSION
/// asks the server nothing once it is there; an alias or latest does, and if the server does not answer, the
/// version that it last named is taken, with a warning. Errors: those of pull_model.
Expected<CachedModel> cached_model(const TrackingServer& server, std::string_view model_uri,
                                   const std::filesystem::path& cache, const TrackingHooks& hooks = {});

/// The reference's six models as far as they could be pulled, and why others could not.
struct PulledReferenceModels {
  std::vector<PulledModel> models;
  std::vector<std::pair<std::string, Error>> faults;  ///< by registered name
};
/// Pulls <layer>_<target>_model, the champion or else the latest version of each, into OUT/<layer>/<target>/,
/// the reference's tree.
PulledReferenceModels pull_reference_models(const TrackingServer& server, const std::filesystem::path& out,
                                            const TrackingHooks& hooks = {});

}  // namespace joulecast
