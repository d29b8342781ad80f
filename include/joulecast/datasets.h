// Datasets on DagsHub and on DVC remotes: brought here, sent there, compared, verified.
//
// A dataset is a folder (or one file) here and its counterpart on a remote. What both had in common last is
// remembered, so that changes here and there are told apart. A file takes its name only when it has the hash
// that the remote gave it; nothing that was changed here is overwritten unless that is asked for.
// docs/data.md has names and forms.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "joulecast/environment.h"
#include "joulecast/error.h"

namespace joulecast {

/// How a file here stands to the same file there.
enum class DataState {
  kSame,
  kNewHere,       ///< not there, and never was
  kChangedHere,   ///< there it is as it was
  kDeletedHere,   ///< there it is as it was
  kMissing,       ///< there, and not here yet
  kChangedThere,  ///< here it is as it was
  kDeletedThere,  ///< here it is as it was
  kConflict,      ///< changed on both sides, or different and nothing is known of before
  kCorrupt,       ///< the bytes changed, and nobody has written the file
};
/// "same", "new here", "changed here", "deleted here", "missing", "changed there", "deleted there",
/// "conflict", "corrupt".
std::string_view to_string(DataState state);

struct DataFile {
  std::string path;  ///< below the dataset's folder; its name if the dataset is one file
  DataState state = DataState::kSame;
  std::uint64_t bytes = 0;  ///< here, else there as far as that is known
};

struct DataHooks {
  /// Told from any thread.
  std::function<void(std::uint64_t done_bytes, std::uint64_t total_bytes)> progress;
  /// A request is made again, and why.
  std::function<void(const std::string& why, double seconds)> on_retry;
};

struct DataRequest {
  /// dagshub://OWNER/NAME[@REVISION]/PATH, s3://BUCKET/PREFIX, http(s)://..., a folder, or the name of a DVC
  /// remote; empty: the default remote of the DVC repository around `path`.
  std::string remote;
  std::filesystem::path path;  ///< of the dataset here
  bool force = false;          ///< overwrites what was changed on the other side
  bool dry_run = false;
  std::size_t jobs = 0;            ///< transfers at a time; 0: eight
  std::string versioning = "dvc";  ///< of what is pushed to DagsHub: dvc, git, auto
  std::string message;             ///< of a push to DagsHub; empty: what and how much it is
  Environment environment = process_environment();
  DataHooks hooks{};
};

/// What was found, and what came of it.
struct DataReport {
  std::string remote;                              ///< its address, without secrets
  std::string revision;                            ///< of the remote; empty: it has none
  std::vector<DataFile> files;                     ///< by path, as found before the work
  std::uint64_t moved_files = 0, moved_bytes = 0;  ///< fetched or sent
  std::vector<std::string> kept;                   ///< files here that a pull left alone though they differ
  std::vector<Warning> warnings;
  std::vector<std::pair<std::string, Error>> faults;  ///< files that failed, and why

  [[nodiscard]] std::size_t count(DataState state) const;
};

/// Compares; changes nothing but what is remembered of hashes. Errors of all: kUsage (no such remote),
/// kUnreadable, kMalformed (a .dvc file, a .dir object, a listing), kServer, kAccessDenied, kNotWritable,
/// kUnfit (another process is at it).
Expected<DataReport> data_status(const DataRequest& request);
/// Brings here what is there and differs. Local changes stay, and are reported in `kept`, unless `force`.
Expected<DataReport> pull_data(const DataRequest& request);
/// Sends what was changed here. Error kUnfit if the same files were changed there too, unless `force`.
Expected<DataReport> push_data(const DataRequest& request);
/// Reads every file here, and asks the remote for every object; whatever is not as recorded is in `faults`.
Expected<DataReport> verify_data(const DataRequest& request);

/// Removes what says who asks: "user:password@" of an address.
std::string without_secrets(std::string_view remote);

}  // namespace joulecast
