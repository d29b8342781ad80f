#include "http/client_pool.h"

#include <mutex>
#include <vector>

namespace joulecast::http {

struct ClientPool::State {
  explicit State(ClientOptions given) : options(std::move(given)) {}

  ClientOptions options;
  std::mutex mutex;
  std::vector<Client> idle;

  Client take() {
    const std::scoped_lock lock(mutex);
    if (idle.empty()) return Client(options);
    Client client = std::move(idle.back());
    idle.pop_back();
    return client;
  }
  void give_back(Client client) {
    const std::scoped_lock lock(mutex);
    idle.push_back(std::move(client));
  }
};

ClientPool::ClientPool(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
ClientPool::ClientPool(ClientPool&&) noexcept = default;
ClientPool& ClientPool::operator=(ClientPool&&) noexcept = default;
ClientPool::~ClientPool() = default;

tl::expected<Response, Fault> ClientPool::send(const Request& request) {
  Client client = state_->take();
  auto answer = client.send(request);
  state_->give_back(std::move(client));
  return answer;
}

}  // namespace joulecast::http
