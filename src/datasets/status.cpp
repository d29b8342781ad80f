// Compares and verifies; changes nothing on either side.
#include <fmt/format.h>

#include "datasets/session.h"

namespace joulecast {
namespace datasets {
namespace {

Error corrupt_here(const Session& session, const Compared& one) {
  return {ErrorKind::kMalformed,
          "its bytes changed, but nobody has written it: the disk may fail",
          {place_of(session.place.data, one.path).string()},
          "Pull it anew: joulecast data pull --force"};
}

/// Files whose bytes are not those of their last hash, though size, time and inode are. Hashes of another
/// kind tell nothing: DVC 2 named a text's content otherwise.
void find_corrupt(Session& session, const SyncState& before) {
  if (before.hash != session.there.hash) return;
  for (std::size_t i = 0; i < session.compared.size(); ++i) {
    const Compared& one = session.compared[i];
    const SyncEntry* known = before.find(one.path);
    if (one.here == nullptr || known == nullptr || known->md5.empty()) continue;
    if (known->fingerprint != one.here->fingerprint || known->md5 == one.here->md5) continue;
    session.report.files[i].state = DataState::kCorrupt;
    session.report.faults.emplace_back(one.path, corrupt_here(session, one));
  }
}

/// Why a file is not as the other side has it; nothing where it is, or where only this side has it.
std::optional<Error> difference_of(const Session& session, const Compared& one) {
  const std::string file = place_of(session.place.data, one.path).string();
  const auto differs = [&](std::string what, const char* hint) {
    return Error{ErrorKind::kUnfit, std::move(what), {file}, hint};
  };
  switch (one.state) {
    case DataState::kMissing:
    case DataState::kDeletedHere:
      return differs("the file is not here", "Fetch it: joulecast data pull");
    case DataState::kChangedHere:
      return differs("it was changed here",
                     "Send it: joulecast data push; or take the other back: pull --force");
    case DataState::kChangedThere:
      return differs(fmt::format("{} has another one by now", session.report.remote),
                     "Fetch it: joulecast data pull");
    case DataState::kConflict:
      return differs(fmt::format("it is not what {} has", session.report.remote),
                     "Compare both; joulecast data pull --force takes the other, push --force sends this");
    default:
      return std::nullopt;
  }
}

Expected<DataReport> run_status(const DataRequest& request) {
  auto session = open_session(request, Access::kRead);
  if (!session) return tl::unexpected(session.error());
  // What is remembered of hashes makes the next time quick; a folder that cannot be written is no fault here,
  // and another process that is at work, or was meanwhile, remembers better.
  Session& open = **session;
  if (open.state == open.loaded) return std::move(open.report);
  if (const auto lock = DatasetLock::take(open.place.control, nullptr))
    if (load_sync_state(open.state_file()) == open.loaded)
      static_cast<void>(save_sync_state(open.state, open.state_file()));
  return std::move(open.report);
}

Expected<DataReport> run_verify(const DataRequest& request) {
  auto session = open_session(request, Access::kRead, true);
  if (!session) return tl::unexpected(session.error());
  Session& open = **session;
  if (auto there = require_there(open); !there) return tl::unexpected(there.error());
  find_corrupt(open, open.loaded);
  auto faults = open.remote->verify(open.there);
  if (!faults) return tl::unexpected(faults.error());
  for (auto& fault : *faults) open.report.faults.push_back(std::move(fault));
  for (std::size_t i = 0; i < open.compared.size(); ++i) {
    if (open.report.files[i].state == DataState::kCorrupt) continue;  // told already
    if (auto fault = difference_of(open, open.compared[i]))
      open.report.faults.emplace_back(open.compared[i].path, *fault);
  }
  return std::move(open.report);
}

}  // namespace
}  // namespace datasets

Expected<DataReport> data_status(const DataRequest& request) {
  return datasets::run_status(request);
}

Expected<DataReport> verify_data(const DataRequest& request) {
  return datasets::run_verify(request);
}

}  // namespace joulecast
