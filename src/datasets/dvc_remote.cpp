// A dataset that a .dvc file describes, and whose contents lie in a DVC remote.
#include <algorithm>
#include <chrono>
#include <mutex>
#include <random>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "base/parallel.h"
#include "base/utf8.h"
#include "datasets/dvc_file.h"
#include "datasets/remote.h"

namespace joulecast::datasets {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kLargestDirObject = 1U << 30U;
constexpr unsigned kCachedMode = 0444;
constexpr const char* kPartInfix = ".part-";

class DvcDataset final : public Remote {
 public:
  DvcDataset(RemotePlace place, std::unique_ptr<ObjectStore> store, std::optional<DvcRepository> repository)
      : place_(std::move(place)), store_(std::move(store)) {
    if (repository) cache_.emplace(std::move(*repository), scratch());
  }

  [[nodiscard]] std::string name() const override { return store_->name(); }
  [[nodiscard]] std::string identity() const override { return "dvc"; }
  [[nodiscard]] const Cache* cache() const override { return cache_ ? &*cache_ : nullptr; }
  Expected<Listing> list(const SyncState& state) override;
  Expected<void> fetch(const TreeFile& file, const Listing& listing, PartialFile& to,
                       const ByteProgress& progress) override;
  Expected<Pushed> push(const PushPlan& plan) override;
  Expected<std::vector<std::pair<std::string, Error>>> verify(const Listing& listing) override;
  [[nodiscard]] CompareHooks hooks(const Listing& listing) const override;

 private:
  [[nodiscard]] fs::path scratch() const { return place_.control / "parts"; }
  [[nodiscard]] Error not_on_remote(const std::string& what) const {
    return {ErrorKind::kServer,
            fmt::format("{} is not on the remote {}", what, store_->name()),
            {},
            "Push it from where it was added: dvc push, or joulecast data push"};
  }
  /// A content to be there after a push, and the local file that has it; null: none that is known to.
  using Member = std::pair<const TreeFile*, const LocalFile*>;
  static std::vector<Member> members_of(const Tree& tree, const PushPlan& plan);

  Expected<std::string> dir_text(const DvcEntry& entry);
  Expected<Tree> tree_to_push(const PushPlan& plan) const;
  Expected<fs::path> stage(const LocalFile& file) const;
  Expected<bool> send(const TreeFile& member, const LocalFile* here, const PushPlan& plan,
                      std::uint64_t& bytes);
  Expected<void> check_sizes(const std::vector<Member>& members) const;
  Expected<void> send_members(const std::vector<Member>& members, const PushPlan& plan, Pushed& pushed);
  Expected<std::string> send_folder_object(const Tree& tree, bool changed, Pushed& pushed);
  Expected<bool> all_there(const PushPlan& plan);

  RemotePlace place_;
  std::unique_ptr<ObjectStore> store_;
  std::optional<Cache> cache_;
};

/// A part that nobody goes on with: it is gone unless it has got its name.
class PassingPart {
 public:
  explicit PassingPart(std::unique_ptr<PartialFile> part) : part_(std::move(part)) {}
  PassingPart(const PassingPart&) = delete;
  PassingPart& operator=(const PassingPart&) = delete;
  ~PassingPart() {
    const fs::path path = part_->path();
    part_.reset();
    std::error_code code;
    fs::remove(path, code);
    fs::remove(fs::path(path) += ".of", code);
  }
  PartialFile& operator*() const { return *part_; }
  PartialFile* operator->() const { return part_.get(); }

 private:
  std::unique_ptr<PartialFile> part_;
};

/// Removes parts that killed runs have left. What was written to lately may be another process's.
void sweep_parts(const fs::path& folder) {
  constexpr auto kForSureLeft = std::chrono::hours(24);
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder, code)) {
    if (entry.path().filename().string().find(kPartInfix) == std::string::npos) continue;
    const auto written = entry.last_write_time(code);
    if (!code && fs::file_time_type::clock::now() - written > kForSureLeft) fs::remove(entry.path(), code);
  }
}

/// The .dir object: from the cache, from last time, or from the remote; always with the right hash.
Expected<std::string> DvcDataset::dir_text(const DvcEntry& entry) {
  const fs::path kept = place_.control / "listings" / (entry.md5 + ".dir");
  const auto cached = cache_ ? cache_->verified(entry.md5, true, entry.hash) : std::nullopt;
  for (const fs::path& file : {cached.value_or(fs::path()), kept}) {
    auto text = file.empty() ? tl::unexpected(Error{}) : read_whole_file(file, kLargestDirObject);
    if (text && md5_of(*text) == entry.md5) return text;
  }
  sweep_parts(kept.parent_path());
  for (int attempt = 1;; ++attempt) {
    // Who only looks has no lock: no two processes may write one part, be it that they have the same number
    // in containers of their own.
    std::random_device random;
    auto opened = PartialFile::open(
        kept.parent_path(), fmt::format("{}{}{:08x}{:08x}", entry.md5, kPartInfix, random(), random()));
    if (!opened) return tl::unexpected(opened.error());
    const PassingPart part(std::move(*opened));
    if (auto empty = part->start_again(); !empty) return tl::unexpected(empty.error());
    const auto got = store_->get(object_key(entry.md5, true, entry.hash), *part, {});
    if (!got) return tl::unexpected(got.error());
    if (!*got) return tl::unexpected(not_on_remote(fmt::format("the folder object {}.dir", entry.md5)));
    const auto md5 = part->md5();
    if (!md5) return tl::unexpected(md5.error());
    if (*md5 == entry.md5) {
      const fs::path target = cache_ ? cache_->place(entry.md5, true, entry.hash) : kept;
      const auto mode = cache_ ? std::optional<unsigned>(kCachedMode) : std::nullopt;
      if (auto done = part->finish(target, mode); !done) return tl::unexpected(done.error());
      return read_whole_file(target, kLargestDirObject);
    }
    if (attempt == 2)
      return fail(
          ErrorKind::kServer,
          fmt::format("the folder object {}.dir of {} has another content", entry.md5, store_->name()), {},
          "It is damaged there: push the folder again from where it is whole");
  }
}

Expected<Listing> DvcDataset::list(const SyncState&) {
  Listing listing;
  std::error_code code;
  const fs::path file = dvc_file_of(place_.data);
  if (!fs::exists(file, code)) return listing;
  const auto entry = read_dvc_file(place_.data);
  if (!entry) return tl::unexpected(entry.error());
  listing.there = true;
  listing.is_folder = entry->is_folder;
  listing.hash = entry->hash;
  listing.executable = entry->executable;
  if (!entry->is_folder) {
    listing.tree.push_back({{}, entry->md5, entry->bytes});
    return listing;
  }
  const auto text = dir_text(*entry);
  if (!text) return tl::unexpected(text.error());
  auto tree = parse_dir_object(*text, fmt::format("{}.dir", entry->md5));
  if (!tree) return tl::unexpected(tree.error());
  listing.tree = std::move(*tree);
  if (entry->files && *entry->files != listing.tree.size())
    listing.doubts.push_back(fmt::format("{} says {} files, its folder object has {}", file.string(),
                                         *entry->files, listing.tree.size()));
  return listing;
}

Expected<void> DvcDataset::fetch(const TreeFile& file, const Listing& listing, PartialFile& to,
                                 const ByteProgress& progress) {
  const auto got = store_->get(object_key(file.md5, false, listing.hash), to, progress);
  if (!got) return tl::unexpected(got.error());
  if (!*got) return tl::unexpected(not_on_remote(fmt::format("the content {}", file.md5)));
  return {};
}

CompareHooks DvcDataset::hooks(const Listing& listing) const {
  CompareHooks hooks;
  // As DVC: what the cache has may be replaced; what it has not was made here.
  hooks.past = [this, hash = listing.hash](const LocalFile& here, const TreeFile&) {
    return cache_ && cache_->has(here.md5, hash) ? Past::kAsHere : cache_ ? Past::kAsThere : Past::kUnknown;
  };
  return hooks;
}

Expected<Tree> DvcDataset::tree_to_push(const PushPlan& plan) const {
  const bool old_hashes = plan.there.hash != HashKind::kMd5;
  Tree tree;
  for (const TreeFile& file : plan.there.tree) {
    if (std::find(plan.removed.begin(), plan.removed.end(), file.path) != plan.removed.end()) continue;
    tree.push_back(file);
  }
  for (const LocalFile* file : plan.changed) {
    if (!is_utf8(file->path))
      return fail(ErrorKind::kUnfit, "a name that is no UTF-8 cannot be sent",
                  {place_of(place_.data, file->path).string()}, "Rename the file");
    const auto at =
        std::lower_bound(tree.begin(), tree.end(), file->path,
                         [](const TreeFile& one, const std::string& path) { return one.path < path; });
    TreeFile entry{file->path, file->md5, file->fingerprint.bytes};
    if (at != tree.end() && at->path == file->path) {
      *at = std::move(entry);
    } else {
      tree.insert(at, std::move(entry));
    }
  }
  if (!old_hashes) return tree;
  // DVC 2 named contents in another way: all names are made anew, for which every file must be here.
  for (TreeFile& file : tree) {
    auto md5 = md5_of_file(place_of(place_.data, file.path));
    if (!md5)
      return fail(ErrorKind::kUnfit,
                  fmt::format("'{}' is not here, and its entry of DVC 2 cannot be renewed", file.path), {},
                  "Pull first, then push; if .dvcignore keeps it out, take that line out for as long");
    file.md5 = *md5;
  }
  return tree;
}

/// A copy of a file that nobody changes any more, with the hash that it goes by: in the cache, or a passing
/// one.
Expected<fs::path> DvcDataset::stage(const LocalFile& file) const {
  const fs::path from = place_of(place_.data, file.path);
  if (cache_) {
    if (const auto there = cache_->verified(file.md5, false, HashKind::kMd5)) return *there;
    fs::path object = cache_->place(file.md5, false, HashKind::kMd5);
    if (auto copied = copy_verified(from, object, file.md5, scratch(), kCachedMode); !copied)
      return tl::unexpected(copied.error());
    return object;
  }
  fs::path copy = scratch() / ("out-" + file.md5);
  if (auto copied = copy_verified(from, copy, file.md5, scratch(), {}); !copied)
    return tl::unexpected(copied.error());
  return copy;
}

/// True: it was sent, `bytes` of it.
Expected<bool> DvcDataset::send(const TreeFile& member, const LocalFile* here, const PushPlan& plan,
                                std::uint64_t& bytes) {
  const std::string key = object_key(member.md5, false, HashKind::kMd5);
  const auto there = store_->has(key);
  if (!there) return tl::unexpected(there.error());
  std::optional<fs::path> object;
  if (here != nullptr) {
    if (*there && !cache_) return false;
    auto staged = stage({here->path, here->fingerprint, member.md5});
    if (!staged) return tl::unexpected(staged.error());
    object = *staged;
  } else if (cache_) {
    object = cache_->verified(member.md5, false, HashKind::kMd5);
  }
  if (*there) return false;
  if (!object)
    return tl::unexpected(not_on_remote(fmt::format("the content of '{}' ({})", member.path, member.md5)));
  std::error_code code;
  bytes = fs::file_size(*object, code);
  std::uint64_t seen = 0;
  const auto put = store_->put(*object, key, [&](std::uint64_t moved) {
    if (moved > seen && plan.sent) plan.sent(moved - seen);
    seen = std::max(seen, moved);
  });
  if (!cache_) fs::remove(*object, code);
  if (!put) return tl::unexpected(put.error());
  const auto arrived = store_->has(key);
  if (!arrived) return tl::unexpected(arrived.error());
  if (!*arrived) return tl::unexpected(not_on_remote(fmt::format("what was just sent of '{}'", member.path)));
  return true;
}

/// Each content once, however many files have it.
std::vector<DvcDataset::Member> DvcDataset::members_of(const Tree& tree, const PushPlan& plan) {
  std::vector<Member> members;
  std::set<std::string> seen;
  for (const TreeFile& file : tree) {
    if (!seen.insert(file.md5).second) continue;
    const auto& files = plan.here.files;
    const auto here =
        std::lower_bound(files.begin(), files.end(), file.path,
                         [](const LocalFile& one, const std::string& path) { return one.path < path; });
    const bool same = here != files.end() && here->path == file.path &&
                      (here->md5 == file.md5 || plan.there.hash != HashKind::kMd5);
    members.emplace_back(&file, same ? &*here : nullptr);
  }
  return members;
}

/// Can all that is to be sent be put there? A content that was the same on both sides may be gone there by
/// now.
Expected<void> DvcDataset::check_sizes(const std::vector<Member>& members) const {
  if (auto able = store_->check_push(0); !able) return able;
  for (const auto& [member, here] : members) {
    std::error_code code;
    std::uint64_t bytes = here != nullptr ? here->fingerprint.bytes : 0;
    if (here == nullptr && cache_)
      bytes = fs::file_size(cache_->place(member->md5, false, HashKind::kMd5), code);
    if (code) continue;  // not here
    auto able = store_->check_push(bytes);
    if (able) continue;
    const auto there = store_->has(object_key(member->md5, false, HashKind::kMd5));
    if (!there) return tl::unexpected(there.error());
    if (!*there) return able;
  }
  return {};
}

Expected<void> DvcDataset::send_members(const std::vector<Member>& members, const PushPlan& plan,
                                        Pushed& pushed) {
  std::mutex mutex;
  return parallel_until_fault(members.size(), place_.jobs, [&](std::size_t i) -> Expected<void> {
    std::uint64_t bytes = 0;
    const auto sent = send(*members[i].first, members[i].second, plan, bytes);
    if (!sent) return tl::unexpected(sent.error());
    if (!*sent) return {};
    const std::scoped_lock lock(mutex);
    ++pushed.files;
    pushed.bytes += bytes;
    return {};
  });
}

/// After all members, so that whoever finds it finds them too. Its MD5.
Expected<std::string> DvcDataset::send_folder_object(const Tree& tree, bool changed, Pushed& pushed) {
  const std::string text = dir_object(tree);
  std::string md5 = md5_of(text);
  const fs::path file =
      cache_ ? cache_->place(md5, true, HashKind::kMd5) : place_.control / "listings" / (md5 + ".dir");
  std::error_code code;
  if (!cache_ || !cache_->verified(md5, true, HashKind::kMd5)) {
    if (auto written = write_file_atomically(file, text, Durability::kPowerCut); !written)
      return tl::unexpected(written.error());
    if (cache_) fs::permissions(file, fs::perms(kCachedMode), code);
  }
  const std::string key = object_key(md5, true, HashKind::kMd5);
  const auto there = store_->has(key);
  if (!there) return tl::unexpected(there.error());
  if (*there) return md5;
  if (auto put = store_->put(file, key, {}); !put) return tl::unexpected(put.error());
  if (changed) ++pushed.files;
  pushed.bytes += text.size();
  return md5;
}

/// Nothing to send: the folder object is there, so its members are.
Expected<bool> DvcDataset::all_there(const PushPlan& plan) {
  if (!plan.there.there || !plan.changed.empty() || !plan.removed.empty() ||
      plan.there.hash != HashKind::kMd5)
    return false;
  const bool folder = plan.there.is_folder;
  const std::string md5 = folder ? md5_of(dir_object(plan.there.tree)) : plan.there.tree.front().md5;
  return store_->has(object_key(md5, folder, HashKind::kMd5));
}

Expected<Pushed> DvcDataset::push(const PushPlan& plan) {
  Pushed pushed;
  const auto nothing = all_there(plan);
  if (!nothing) return tl::unexpected(nothing.error());
  if (*nothing) {
    pushed.tree = plan.there.tree;
    return pushed;
  }
  if (auto renewable = check_renewable(place_.data); !renewable) return tl::unexpected(renewable.error());
  auto tree = tree_to_push(plan);
  if (!tree) return tl::unexpected(tree.error());
  const std::vector<Member> members = members_of(*tree, plan);
  if (auto able = check_sizes(members); !able) return tl::unexpected(able.error());
  if (auto sent = send_members(members, plan, pushed); !sent) return tl::unexpected(sent.error());
  DvcEntry entry;
  entry.path = dvc_file_of(place_.data).stem().string();
  entry.is_folder = plan.here.is_folder;
  if (entry.is_folder) {
    auto md5 = send_folder_object(*tree, false, pushed);
    if (!md5) return tl::unexpected(md5.error());
    entry.md5 = *md5;
    entry.files = tree->size();
  } else {
    entry.md5 = tree->front().md5;
    entry.executable = plan.here.files.front().executable;
  }
  std::uint64_t total = 0;
  bool known = true;
  for (const TreeFile& file : *tree) {
    const auto local = fingerprint_of(place_of(place_.data, file.path));
    if (!file.bytes && !local) known = false;
    total += file.bytes ? *file.bytes : local ? local->bytes : 0;
  }
  if (known) entry.bytes = total;
  if (auto written = write_dvc_file(place_.data, entry); !written) return tl::unexpected(written.error());
  if (cache_)
    if (auto ignored = ignore_in_git(place_.data); !ignored) return tl::unexpected(ignored.error());
  pushed.tree = std::move(*tree);
  return pushed;
}

Expected<std::vector<std::pair<std::string, Error>>> DvcDataset::verify(const Listing& listing) {
  std::vector<std::pair<std::string, Error>> faults;
  std::mutex mutex;
  parallel_for(listing.tree.size(), place_.jobs, [&](std::size_t i) {
    const TreeFile& file = listing.tree[i];
    const std::string key = object_key(file.md5, false, listing.hash);
    std::optional<Error> fault;
    const auto there = store_->has(key);
    if (!there) {
      fault = there.error();
    } else if (!*there) {
      fault = not_on_remote(fmt::format("the content {}", file.md5));
    } else if (const auto folder = store_->folder()) {
      const auto md5 = md5_of_file(*folder / key, listing.hash);
      if (!md5 || *md5 != file.md5)
        fault = md5 ? Error{ErrorKind::kMalformed,
                            "the content on the remote is damaged",
                            {(*folder / key).string()},
                            "Remove it there, and push again from where it is whole"}
                    : md5.error();
    }
    const std::scoped_lock lock(mutex);
    if (fault) faults.emplace_back(file.path, std::move(*fault));
  });
  std::sort(faults.begin(), faults.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return faults;
}

/// The remote that a request names: a section of the repository's config, or an address.
Expected<DvcRemote> chosen_remote(const DataRequest& request, const std::optional<DvcRepository>& repository,
                                  const fs::path& data) {
  std::string name = request.remote;
  if (name.empty() && repository) {
    const auto entry = read_dvc_file(data);
    name = entry && !entry->remote.empty() ? entry->remote : repository->default_remote;
  }
  if (name.empty())
    return fail(ErrorKind::kUsage,
                "no remote is given, and no DVC repository around the data has a default one", {},
                "Give --remote URL, or set one: dvc remote default NAME");
  if (repository)
    if (const DvcRemote* found = repository->find(name); found != nullptr) return *found;
  // "dagshub:/..." would be a folder of that name, and a push would make it.
  const std::size_t scheme = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+");
  if (scheme != 0 && scheme != std::string::npos && name[scheme] == ':' &&
      name.find("://") == std::string::npos)
    return fail(
        ErrorKind::kUsage, fmt::format("'{}' is neither an address nor a folder", without_secrets(name)), {},
        "An address has two slashes after its kind, such as s3://BUCKET or dagshub://OWNER/NAME/PATH; of a "
        "folder with a colon give the whole path");
  const bool address = name.find("://") != std::string::npos || name.find('/') != std::string::npos;
  std::error_code code;
  if (!address && !fs::exists(name, code))
    return fail(ErrorKind::kUsage, fmt::format("there is no remote '{}'", name), {},
                "Give a URL, a folder such as ./store, or a name of .dvc/config");
  return DvcRemote{name, {{"url", name}}};
}

}  // namespace

Expected<std::unique_ptr<Remote>> open_dvc_remote(const DataRequest& request, const RemotePlace& place,
                                                  std::optional<DvcRepository> repository,
                                                  const http::ClientOptions& options) {
  const auto remote = chosen_remote(request, repository, place.data);
  if (!remote) return tl::unexpected(remote.error());
  auto store = open_store(*remote, request.environment, options);
  if (!store) return tl::unexpected(store.error());
  return std::make_unique<DvcDataset>(place, std::move(*store), std::move(repository));
}

}  // namespace joulecast::datasets
