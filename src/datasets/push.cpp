// Sends what was changed here.
#include <algorithm>
#include <atomic>
#include <utility>

#include <fmt/format.h>

#include "datasets/session.h"

namespace joulecast {
namespace datasets {
namespace {

namespace fs = std::filesystem;

/// "a.csv, b.csv and 3 more".
std::string first_names(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) out += fmt::format(" and {} more", names.size() - kShown);
  return out;
}

/// What both sides changed is sent only with force.
Expected<PushPlan> plan_push(const Session& session, bool force) {
  PushPlan plan{session.there, session.here, session.state, {}, {}, {}};
  std::vector<std::string> conflicts;
  for (const Compared& one : session.compared) {
    switch (one.state) {
      case DataState::kNewHere:
      case DataState::kChangedHere:
        plan.changed.push_back(one.here);
        break;
      case DataState::kDeletedHere:
        plan.removed.push_back(one.path);
        break;
      case DataState::kConflict:
        if (force)
          plan.changed.push_back(one.here);
        else
          conflicts.push_back(one.path);
        break;
      case DataState::kChangedThere:
      case DataState::kDeletedThere:
        if (force) plan.changed.push_back(one.here);
        break;
      default:
        break;
    }
  }
  if (!conflicts.empty())
    return fail(ErrorKind::kUnfit,
                fmt::format("changed here and on {}: {}", session.report.remote, first_names(conflicts)),
                {session.place.data.string()},
                "Pull into another folder and compare, or send yours: --force");
  // Of what counts: ignored files are there too.
  const auto there = std::count_if(session.compared.begin(), session.compared.end(),
                                   [](const Compared& one) { return one.there != nullptr; });
  const bool all_gone = there != 0 && std::cmp_equal(plan.removed.size(), there);
  if (all_gone && plan.changed.empty() && !force)
    return fail(ErrorKind::kUnfit, "every file of the dataset was deleted here",
                {session.place.data.string()}, "Pull brings them back; --force deletes them there too");
  return plan;
}

/// Both sides have in common now what the plan has sent, and what was the same before.
void remember_pushed(Session& session, const PushPlan& plan, const Pushed& pushed) {
  for (const LocalFile* file : plan.changed) {
    const TreeFile* there = find_file(pushed.tree, file->path);
    if (there == nullptr) continue;
    SyncEntry& entry = session.state.entries[file->path];
    entry.md5 = entry.base = there->md5.empty() ? file->md5 : there->md5;
    entry.base_tag = there->md5.empty() ? there->tag : std::string();
  }
  for (const std::string& path : plan.removed)
    if (find_file(pushed.tree, path) == nullptr) session.state.entries.erase(path);
  bool all = true;
  for (const TreeFile& file : pushed.tree) {
    const SyncEntry* entry = session.state.find(file.path);
    all =
        all && entry != nullptr && (file.md5.empty() ? entry->base_tag == file.tag : entry->base == file.md5);
  }
  session.state.revision = all ? pushed.revision : std::string();
}

Expected<DataReport> run_push(const DataRequest& request) {
  auto session = open_session(request, request.dry_run ? Access::kRead : Access::kWrite);
  if (!session) return tl::unexpected(session.error());
  Session& open = **session;
  if (!open.here.there)
    return fail(ErrorKind::kUnreadable, "there is no such folder or file", {open.place.data.string()},
                "Check the path");
  auto plan = plan_push(open, request.force);
  if (!plan) return tl::unexpected(plan.error());
  if (open.here.files.empty() && open.there.tree.empty())
    return fail(ErrorKind::kUnfit, "the folder holds no files", {open.place.data.string()},
                "Put data into it first");
  if (request.dry_run) return std::move(open.report);
  std::uint64_t total = 0;
  for (const LocalFile* file : plan->changed) total += file->fingerprint.bytes;
  std::atomic<std::uint64_t> done{0};
  plan->sent = [&](std::uint64_t more) {
    const std::uint64_t now = done += more;
    if (request.hooks.progress) request.hooks.progress(now, std::max(now, total));
  };
  // Hashes are worth keeping even if the push fails.
  if (auto saved = save_sync_state(open.state, open.state_file()); !saved)
    return tl::unexpected(saved.error());
  auto pushed = open.remote->push(*plan);
  if (!pushed) return tl::unexpected(pushed.error());
  open.report.moved_files = pushed->files;
  open.report.moved_bytes = pushed->bytes;
  if (!pushed->revision.empty()) open.report.revision = pushed->revision;
  for (std::string& note : pushed->notes) open.report.warnings.push_back({std::move(note)});
  if (open.there.hash != HashKind::kMd5) {  // renewed: all hashes are of another kind now
    open.state.hash = HashKind::kMd5;
    open.state.entries.clear();
  }
  remember_pushed(open, *plan, *pushed);
  if (auto saved = save_sync_state(open.state, open.state_file()); !saved)
    return tl::unexpected(saved.error());
  std::error_code code;
  fs::remove_all(open.place.control / "parts", code);
  return std::move(open.report);
}

}  // namespace
}  // namespace datasets

Expected<DataReport> push_data(const DataRequest& request) {
  return datasets::run_push(request);
}

}  // namespace joulecast
