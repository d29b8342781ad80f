// A dataset that is a folder of a DagsHub repository.
#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "base/utf8.h"
#include "datasets/dagshub.h"
#include "datasets/remote.h"
#include "http/retry.h"

namespace joulecast::datasets {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kBatchFiles = 100;  // what the server takes at once, as its own client has it
constexpr std::uint64_t kBatchBytes = 100U << 20U;
constexpr int kMostRetries = 5;

template <class T>
Expected<T> plain(DagshubResult<T> result) {
  if (!result) return tl::unexpected(std::move(result.error().error));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*result);
  }
}

class DagshubDataset final : public Remote {
 public:
  DagshubDataset(const DataRequest& request, RemotePlace place, DagshubRepository repository)
      : place_(std::move(place)),
        versioning_(request.versioning),
        message_(request.message),
        force_(request.force),
        on_retry_(request.hooks.on_retry),
        repository_(std::move(repository)) {}

  [[nodiscard]] std::string name() const override { return to_string(repository_.address()); }
  [[nodiscard]] std::string identity() const override {
    return fmt::format("{} {} {}", repository_.name(), repository_.address().revision,
                       repository_.address().path);
  }
  Expected<Listing> list(const SyncState& state) override;
  Expected<void> fetch(const TreeFile& file, const Listing& listing, PartialFile& to,
                       const ByteProgress& progress) override {
    return plain(repository_.fetch(listing.revision, path_of(file.path), to, progress));
  }
  Expected<Pushed> push(const PushPlan& plan) override;
  Expected<std::vector<std::pair<std::string, Error>>> verify(const Listing&) override {
    return std::vector<std::pair<std::string, Error>>();  // the listing is all that can be asked for
  }
  [[nodiscard]] CompareHooks hooks(const Listing&) const override {
    CompareHooks hooks;
    hooks.matches = [this](const LocalFile& here, const TreeFile& there) {
      constexpr std::size_t kBlobName = 40;
      if (there.tag.size() != kBlobName) return false;
      const auto blob = git_blob_of_file(place_of(place_.data, here.path));
      return blob && *blob == there.tag;
    };
    return hooks;
  }

 private:
  using Batch = std::vector<const LocalFile*>;

  [[nodiscard]] std::string path_of(const std::string& below) const {
    return below.empty() ? repository_.address().path : repository_.address().path + "/" + below;
  }
  Expected<Tree> tree_at(const std::string& commit, std::vector<std::string>& notes);
  std::vector<Batch> batches(const PushPlan& plan) const;
  Expected<void> send_batch(const Batch& batch, const PushPlan& plan, Pushed& pushed);
  DagshubUpload upload_of(const Batch& batch) const;
  Expected<bool> arrived(const Batch& batch, const Tree& tree) const;
  Expected<void> take_foreign_commits(const Batch& batch, const PushPlan& plan, Pushed& pushed);
  std::string summary(const PushPlan& plan) const;

  RemotePlace place_;
  std::string versioning_, message_;
  bool force_;
  std::function<void(const std::string& why, double seconds)> on_retry_;
  DagshubRepository repository_;
  DagshubTip tip_;
  std::string summary_;
};

Expected<Tree> DagshubDataset::tree_at(const std::string& commit, std::vector<std::string>& notes) {
  auto tree = repository_.list(commit, repository_.address().path, notes);
  if (!tree) return tl::unexpected(tree.error().error);
  return std::move(*tree).value_or(Tree());
}

Expected<Listing> DagshubDataset::list(const SyncState& state) {
  auto tip = repository_.tip();
  if (!tip) return tl::unexpected(tip.error().error);
  tip_ = *tip;
  Listing listing;
  listing.revision = tip_.commit;
  if (tip_.branch_is_new) listing.absent_revision = tip_.branch;
  if (!state.revision.empty() && state.revision == tip_.commit) {
    // Nothing has changed there since everything was the same: no need to list it again.
    for (const auto& [path, entry] : state.entries)
      if (!entry.base.empty())
        listing.tree.push_back(
            {path, entry.base_tag.empty() ? entry.base : "", entry.fingerprint.bytes, entry.base_tag});
    listing.there = true;
  } else {
    auto tree = repository_.list(tip_.commit, repository_.address().path, listing.doubts);
    if (!tree) return tl::unexpected(tree.error().error);
    listing.there = tree->has_value();
    listing.tree = std::move(*tree).value_or(Tree());
  }
  listing.is_folder = listing.tree.size() != 1 || !listing.tree.front().path.empty();
  return listing;
}

std::vector<DagshubDataset::Batch> DagshubDataset::batches(const PushPlan& plan) const {
  std::vector<Batch> all;
  std::uint64_t bytes = 0;
  for (const LocalFile* file : plan.changed) {
    const bool full =
        !all.empty() && (all.back().size() >= kBatchFiles || bytes + file->fingerprint.bytes > kBatchBytes);
    if (all.empty() || full) {
      all.emplace_back();
      bytes = 0;
    }
    all.back().push_back(file);
    bytes += file->fingerprint.bytes;
  }
  return all;
}

std::string DagshubDataset::summary(const PushPlan& plan) const {
  if (!message_.empty()) return message_;
  std::uint64_t bytes = 0;
  for (const LocalFile* file : plan.changed) bytes += file->fingerprint.bytes;
  return fmt::format("{}: {} file{}, {:.1f} MB", repository_.address().path, plan.changed.size(),
                     plan.changed.size() == 1 ? "" : "s", static_cast<double>(bytes) / 1e6);
}

DagshubUpload DagshubDataset::upload_of(const Batch& batch) const {
  DagshubUpload upload;
  upload.branch = tip_.branch_is_new ? tip_.default_branch : tip_.branch;
  upload.folder = repository_.address().path;
  upload.versioning = versioning_;
  upload.is_dvc_folder = versioning_ != "git";
  upload.summary = summary_;
  upload.last_commit = tip_.commit;
  if (tip_.branch_is_new) upload.new_branch = tip_.branch;
  for (const LocalFile* file : batch)
    upload.files.emplace_back(file->path, place_of(place_.data, file->path));
  if (batch.size() == 1 &&
      batch.front()->path.empty()) {  // the dataset is one file: it goes into the folder above
    const std::size_t slash = upload.folder.rfind('/');
    upload.files.front().first = slash == std::string::npos ? upload.folder : upload.folder.substr(slash + 1);
    upload.folder = slash == std::string::npos ? "" : upload.folder.substr(0, slash);
    upload.is_dvc_folder = false;
  }
  return upload;
}

/// Is every file of a batch there as it is here?
Expected<bool> DagshubDataset::arrived(const Batch& batch, const Tree& tree) const {
  for (const LocalFile* file : batch) {
    const TreeFile* there = find_file(tree, file->path);
    if (there == nullptr) return false;
    if (!there->md5.empty() && there->md5 != file->md5) return false;
    // What the hash of a plain git file is of, the server's interface does not say for sure.
    const bool has_size = there->bytes && *there->bytes != 0;
    if (there->md5.empty() && has_size && *there->bytes != file->fingerprint.bytes) return false;
  }
  return true;
}

/// Somebody has pushed meanwhile. Where it was other files, the batch may go on top of theirs.
Expected<void> DagshubDataset::take_foreign_commits(const Batch& batch, const PushPlan& plan,
                                                    Pushed& pushed) {
  std::vector<std::string> notes;
  const auto tip = plain(repository_.tip());
  if (!tip) return tl::unexpected(tip.error());
  const auto tree = tree_at(tip->commit, notes);
  if (!tree) return tl::unexpected(tree.error());
  if (!force_) {
    for (const LocalFile* file : batch) {
      const TreeFile* before = find_file(plan.there.tree, file->path);
      const TreeFile* now = find_file(*tree, file->path);
      const bool same = before == nullptr || now == nullptr
                            ? before == now
                            : before->md5 == now->md5 && before->tag == now->tag;
      const bool ours = now != nullptr && now->md5 == file->md5;
      if (!same && !ours)
        return fail(ErrorKind::kUnfit,
                    fmt::format("'{}' was changed on {} while it was sent", file->path, name()), {},
                    "Pull, look at both, and push again; --force sends yours");
    }
  }
  pushed.notes.push_back(
      fmt::format("others have pushed meanwhile (commit {}); theirs stays, as it is of other files",
                  tip->commit.substr(0, 10)));
  tip_ = *tip;
  return {};
}

Expected<void> DagshubDataset::send_batch(const Batch& batch, const PushPlan& plan, Pushed& pushed) {
  for (int attempt = 1;; ++attempt) {
    std::uint64_t seen = 0;
    auto sent = repository_.upload(upload_of(batch), [&](std::uint64_t moved) {
      if (moved > seen && plan.sent) plan.sent(moved - seen);
      seen = std::max(seen, moved);
    });
    if (sent) {
      tip_.branch_is_new = false;
      if (!sent->empty()) {
        tip_.commit = *sent;
        return {};
      }
      const auto tip = plain(repository_.tip());
      if (!tip) return tl::unexpected(tip.error());
      tip_ = *tip;
      return {};
    }
    const DagshubFault& fault = sent.error();
    const bool stale = fault.code == "invalid last_commit";
    const bool unsure = fault.uncertain || fault.code == "server error";
    if ((!stale && !unsure) || attempt > kMostRetries) return tl::unexpected(fault.error);
    if (stale) {
      if (auto merged = take_foreign_commits(batch, plan, pushed); !merged) return merged;
      continue;
    }
    // The answer was lost, or the server failed: what is there tells whether the commit was made.
    const auto tip = plain(repository_.tip());
    if (!tip) return tl::unexpected(tip.error());
    if (tip->commit == tip_.commit) {
      const double seconds = http::pause_before(attempt + 1, {}, std::nullopt, 0.0);
      if (on_retry_) on_retry_(fault.error.message, seconds);
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
      continue;
    }
    std::vector<std::string> notes;
    const auto tree = tree_at(tip->commit, notes);
    if (!tree) return tl::unexpected(tree.error());
    const auto there = arrived(batch, *tree);
    if (!there) return tl::unexpected(there.error());
    if (*there) {
      tip_ = *tip;
      return {};
    }
    if (auto merged = take_foreign_commits(batch, plan, pushed); !merged) return merged;
  }
}

Expected<Pushed> DagshubDataset::push(const PushPlan& plan) {
  Pushed pushed;
  if (tip_.branch.empty())
    return fail(ErrorKind::kUsage,
                fmt::format("{} is a commit, and nothing can be added to it", repository_.address().revision),
                {}, "Name a branch: dagshub://OWNER/NAME@BRANCH/PATH");
  for (const LocalFile* file : plan.changed)
    if (!is_utf8(file->path) || file->path.find('%') != std::string::npos)
      return fail(ErrorKind::kUnfit, "DagsHub's uploads cannot carry this name",
                  {place_of(place_.data, file->path).string()}, "Rename the file: UTF-8, and without '%'");
  if (!plan.removed.empty())
    pushed.notes.push_back(fmt::format("{} file{} deleted here stay there: DagsHub's uploads cannot delete",
                                       plan.removed.size(), plan.removed.size() == 1 ? "" : "s"));
  summary_ = summary(plan);
  for (const Batch& batch : batches(plan)) {
    if (auto sent = send_batch(batch, plan, pushed); !sent)
      return fail(sent.error().kind,
                  fmt::format("{} ({} of {} files are there)", sent.error().message, pushed.files,
                              plan.changed.size()),
                  sent.error().location, sent.error().hint);
    pushed.files += batch.size();
    for (const LocalFile* file : batch) pushed.bytes += file->fingerprint.bytes;
  }
  pushed.revision = tip_.commit;
  if (plan.changed.empty()) {
    pushed.tree = plan.there.tree;
    return pushed;
  }
  auto tree = tree_at(tip_.commit, pushed.notes);
  if (!tree) return tl::unexpected(tree.error());
  const auto there = arrived(plan.changed, *tree);
  if (!there) return tl::unexpected(there.error());
  if (!*there)
    return fail(ErrorKind::kServer, fmt::format("{} took the files, but lists others", name()), {},
                "Were they changed while they were sent? Run the push again");
  pushed.tree = std::move(*tree);
  return pushed;
}

}  // namespace

Expected<std::unique_ptr<Remote>> open_dagshub_remote(const DataRequest& request, const RemotePlace& place,
                                                      const http::ClientOptions& options) {
  auto address = parse_dagshub_address(request.remote);
  if (!address) return tl::unexpected(address.error());
  auto account = dagshub_account(request.environment);
  if (!account) return tl::unexpected(account.error());
  return std::make_unique<DagshubDataset>(
      request, place, DagshubRepository(std::move(*account), std::move(*address), options, place.jobs));
}

}  // namespace joulecast::datasets
