// The other side of a dataset: a DVC remote with its .dvc file here, or a folder of a DagsHub repository.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "datasets/cache.h"
#include "datasets/compare.h"
#include "datasets/local_files.h"
#include "datasets/object_store.h"
#include "datasets/partial_file.h"
#include "datasets/sync_state.h"
#include "datasets/tree.h"
#include "joulecast/datasets.h"

namespace joulecast::datasets {

/// What the other side has.
struct Listing {
  bool there = false;  ///< there is such a dataset
  bool is_folder = true;
  bool executable = false;  ///< of a dataset of one file
  Tree tree;
  std::string revision;  ///< empty: it has none
  HashKind hash = HashKind::kMd5;
  std::vector<std::string> doubts;
  /// The revision asked for, where there is none of that name: the rest is what a push would start from.
  std::string absent_revision;
};

/// Told the bytes that one transfer has moved so far.
struct Meter {
  std::function<void(std::uint64_t bytes)> moved;
};

/// What is to be sent.
struct PushPlan {
  const Listing& there;
  const LocalFiles& here;
  const SyncState& state;
  std::vector<const LocalFile*> changed;  ///< new, or with another content
  std::vector<std::string> removed;       ///< deleted here
  /// Told the bytes sent so far.
  std::function<void(std::uint64_t more)> sent;
};
struct Pushed {
  std::string revision;
  std::uint64_t files = 0, bytes = 0;  ///< sent
  Tree tree;                           ///< what is there now
  std::vector<std::string> notes;
};

class Remote {
 public:
  Remote() = default;
  virtual ~Remote() = default;
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

  /// The address for messages, without secrets.
  [[nodiscard]] virtual std::string name() const = 0;
  /// Tells remotes apart whose common past with this dataset must not be mixed up.
  [[nodiscard]] virtual std::string identity() const = 0;
  /// `state` may save the work, where nothing has changed there since.
  virtual Expected<Listing> list(const SyncState& state) = 0;
  /// The bytes of a file, after those that `to` has. From any thread.
  virtual Expected<void> fetch(const TreeFile& file, const Listing& listing, PartialFile& to,
                               const ByteProgress& progress) = 0;
  /// Nothing of the other side that the plan does not name is changed. Error kUnfit where it changed
  /// meanwhile in the same files.
  virtual Expected<Pushed> push(const PushPlan& plan) = 0;
  /// Faults of the other side's files, by path: missing, of another size or hash.
  virtual Expected<std::vector<std::pair<std::string, Error>>> verify(const Listing& listing) = 0;
  /// Where contents are kept here besides; null: nowhere.
  [[nodiscard]] virtual const Cache* cache() const { return nullptr; }
  [[nodiscard]] virtual CompareHooks hooks(const Listing& listing) const = 0;
};

/// What all remotes are opened with.
struct RemotePlace {
  std::filesystem::path data;     ///< the dataset here
  std::filesystem::path control;  ///< folder of what is remembered, and of unfinished files
  std::size_t jobs = 8;
};

Expected<std::unique_ptr<Remote>> open_dvc_remote(const DataRequest& request, const RemotePlace& place,
                                                  std::optional<DvcRepository> repository,
                                                  const http::ClientOptions& options);
Expected<std::unique_ptr<Remote>> open_dagshub_remote(const DataRequest& request, const RemotePlace& place,
                                                      const http::ClientOptions& options);

}  // namespace joulecast::datasets
