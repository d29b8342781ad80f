#include "datasets/compare.h"

namespace joulecast::datasets {
namespace {

/// Is what the remote has the same as what it had last?
bool as_it_was(const TreeFile& there, const SyncEntry& past) {
  if (!there.md5.empty()) return there.md5 == past.base;
  return !there.tag.empty() && there.tag == past.base_tag && !past.base.empty();
}

bool same_content(const LocalFile& here, const TreeFile& there, const SyncEntry* past,
                  const CompareHooks& hooks) {
  if (!there.md5.empty()) return here.md5 == there.md5;
  if (past != nullptr && as_it_was(there, *past)) return here.md5 == past->base;
  return hooks.matches && hooks.matches(here, there);
}

DataState state_of_both(const LocalFile& here, const TreeFile& there, const SyncEntry* past,
                        const CompareHooks& hooks) {
  if (same_content(here, there, past, hooks)) return DataState::kSame;
  if (past == nullptr || past->base.empty()) {
    const Past assumed = hooks.past ? hooks.past(here, there) : Past::kUnknown;
    if (assumed == Past::kAsHere) return DataState::kChangedThere;
    return assumed == Past::kAsThere ? DataState::kChangedHere : DataState::kConflict;
  }
  if (as_it_was(there, *past)) return DataState::kChangedHere;
  return here.md5 == past->base ? DataState::kChangedThere : DataState::kConflict;
}

DataState state_of(const Compared& one, const SyncEntry* past, const CompareHooks& hooks) {
  const bool has_past = past != nullptr && !past->base.empty();
  if (one.there == nullptr) {
    if (!has_past) return DataState::kNewHere;
    return one.here->md5 == past->base ? DataState::kDeletedThere : DataState::kConflict;
  }
  if (one.here == nullptr) {
    const bool deleted = has_past && as_it_was(*one.there, *past);
    const bool unseen = hooks.passed_over && hooks.passed_over(one.path);
    return deleted && !unseen ? DataState::kDeletedHere : DataState::kMissing;
  }
  return state_of_both(*one.here, *one.there, past, hooks);
}

}  // namespace

std::vector<Compared> compare(const std::vector<LocalFile>& here, const Tree& there, const SyncState& state,
                              const CompareHooks& hooks) {
  std::vector<Compared> all;
  all.reserve(std::max(here.size(), there.size()));
  std::size_t h = 0;
  std::size_t t = 0;
  SyncCursor cursor(state);
  while (h < here.size() || t < there.size()) {
    const bool take_here = h < here.size() && (t == there.size() || here[h].path <= there[t].path);
    const bool take_there = t < there.size() && (h == here.size() || there[t].path <= here[h].path);
    Compared one{take_here ? here[h].path : there[t].path, DataState::kSame, take_here ? &here[h] : nullptr,
                 take_there ? &there[t] : nullptr};
    one.state = state_of(one, cursor.find(one.path), hooks);
    all.push_back(std::move(one));
    if (take_here) ++h;
    if (take_there) ++t;
  }
  return all;
}

}  // namespace joulecast::datasets
