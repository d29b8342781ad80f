// Clients for several threads.
#pragma once

#include <memory>

#include "http/client.h"

namespace joulecast::http {

/// As many clients as there are requests at the same time; each keeps its connections. For any number of
/// threads: `on_retry` and `sleep` of the options are called on theirs.
class ClientPool {
 public:
  explicit ClientPool(ClientOptions options);
  ClientPool(ClientPool&&) noexcept;
  ClientPool& operator=(ClientPool&&) noexcept;
  ~ClientPool();

  /// As Client::send.
  tl::expected<Response, Fault> send(const Request& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace joulecast::http
