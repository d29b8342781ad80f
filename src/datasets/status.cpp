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

/// Files whose bytes are not those of their last hash, though size, time and inode are.
void find_corrupt(Session& session, const SyncState& before) {
  for (std::size_t i = 0; i < session.compared.size(); ++i) {
    const Compared& one = session.compared[i];
    const SyncEntry* known = before.find(one.path);
    if (one.here == nullptr || known == nullptr || known->md5.empty()) continue;
    if (known->fingerprint != one.here->fingerprint || known->md5 == one.here->md5) continue;
    session.report.files[i].state = DataState::kCorrupt;
    session.report.faults.emplace_back(one.path, corrupt_here(session, one));
  }
}

Expected<DataReport> run_status(const DataRequest& request) {
  auto session = open_session(request, Access::kRead);
  if (!session) return tl::unexpected(session.error());
  // What is remembered of hashes makes the next time quick; a folder that cannot be written is no fault here.
  static_cast<void>(save_sync_state((*session)->state, (*session)->state_file()));
  return std::move((*session)->report);
}

Expected<DataReport> run_verify(const DataRequest& request) {
  auto session = open_session(request, Access::kRead, true);
  if (!session) return tl::unexpected(session.error());
  Session& open = **session;
  if (!open.there.there)
    return fail(ErrorKind::kUnreadable, fmt::format("{} has nothing for it", open.report.remote),
                {open.place.data.string()},
                "There must be a .dvc file beside the data, or the folder in the DagsHub repository: check "
                "both names");
  find_corrupt(open, load_sync_state(open.state_file()));
  auto faults = open.remote->verify(open.there);
  if (!faults) return tl::unexpected(faults.error());
  for (auto& fault : *faults) open.report.faults.push_back(std::move(fault));
  for (const Compared& one : open.compared) {
    if (one.state != DataState::kMissing && one.state != DataState::kDeletedHere) continue;
    open.report.faults.emplace_back(one.path, Error{ErrorKind::kUnfit,
                                                    "the file is not here",
                                                    {place_of(open.place.data, one.path).string()},
                                                    "Fetch it: joulecast data pull"});
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
