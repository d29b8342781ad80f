// A few connections to one server, used at once. Each has a client of its own: a client is not for several
// threads.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tracking/artifacts.h"
#include "tracking/rest.h"

namespace joulecast::tracking {

/// For one thread at a time; stays where it is.
struct Connection {
  Connection(const TrackingServer& server, const TrackingHooks& hooks) : rest(server, hooks) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() = default;

  /// The store of these artifacts, kept until another one is asked for. Errors: those of ArtifactStore::open.
  Expected<ArtifactStore*> store_at(const std::string& artifact_uri);

  Rest rest;

 private:
  std::string store_uri_;
  std::optional<ArtifactStore> store_;
};

class Connections {
 public:
  /// At most `server.connections`, opened when there is work for them. The hooks outlive this; progress and
  /// on_retry are called by one thread at a time, sleep by several.
  Connections(const TrackingServer& server, const TrackingHooks& hooks);
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;
  ~Connections() = default;

  /// The one that is always there, for calls one after the other.
  Connection& first() { return *connections_.front(); }
  [[nodiscard]] const TrackingHooks& hooks() const { return hooks_; }

  using Work = std::function<Expected<void>(Connection&, std::size_t)>;
  /// Calls work(connection, i) once for each i in [0, count), handed out in order; returns when all are done.
  /// After a fault nothing more is begun. The error is that of the first fault.
  Expected<void> for_each(std::size_t count, const Work& work);

 private:
  std::mutex hooks_mutex_;
  TrackingHooks hooks_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace joulecast::tracking
