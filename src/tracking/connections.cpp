#include "tracking/connections.h"

#include <algorithm>
#include <atomic>

#include "base/parallel.h"

namespace joulecast::tracking {

Expected<ArtifactStore*> Connection::store_at(const std::string& artifact_uri) {
  if (!store_ || store_uri_ != artifact_uri) {
    auto opened = ArtifactStore::open(rest, artifact_uri);
    if (!opened) return tl::unexpected(opened.error());
    store_ = std::move(*opened);
    store_uri_ = artifact_uri;
  }
  return &*store_;
}

Connections::Connections(const TrackingServer& server, const TrackingHooks& hooks) {
  hooks_.sleep = hooks.sleep;
  if (hooks.progress)
    hooks_.progress = [this, &hooks](std::size_t done, std::size_t total) {
      const std::scoped_lock lock(hooks_mutex_);
      hooks.progress(done, total);
    };
  if (hooks.on_retry)
    hooks_.on_retry = [this, &hooks](const std::string& why, double seconds) {
      const std::scoped_lock lock(hooks_mutex_);
      hooks.on_retry(why, seconds);
    };
  connections_.push_back(std::make_unique<Connection>(server, hooks_));
}

Expected<void> Connections::for_each(std::size_t count, const Work& work) {
  const TrackingServer& server = first().rest.server();  // with what was asked of DagsHub
  const std::size_t wanted = std::min(count, std::max<std::size_t>(1, server.connections));
  while (connections_.size() < wanted) connections_.push_back(std::make_unique<Connection>(server, hooks_));
  std::atomic<std::size_t> next{0};
  std::mutex fault_mutex;
  std::optional<Error> fault;
  parallel_for(wanted, wanted, [&](std::size_t connection) {
    for (std::size_t i = next++; i < count; i = next++) {
      auto done = work(*connections_[connection], i);
      if (done) continue;
      const std::scoped_lock lock(fault_mutex);
      if (!fault) fault = std::move(done.error());
      next = count;
    }
  });
  if (fault) return tl::unexpected(std::move(*fault));
  return {};
}

}  // namespace joulecast::tracking
