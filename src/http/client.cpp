#include "http/client.h"

#include <chrono>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "http/transfer.h"

namespace joulecast::http {

struct Client::State {
  explicit State(ClientOptions given) : options(std::move(given)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (handle != nullptr) curl->easy_cleanup(handle);
  }

  ClientOptions options;
  const CurlLibrary* curl = nullptr;
  CURL* handle = nullptr;
  std::minstd_rand random{std::random_device{}()};

  Expected<void> open() {
    if (handle != nullptr) return {};
    const auto library = curl_library();
    if (!library) return tl::unexpected(library.error());
    curl = *library;
    handle = curl->easy_init();
    if (handle == nullptr)
      return fail(ErrorKind::kInternal, "libcurl gives no handle", {}, "Free some memory");
    return {};
  }

  void wait(double seconds) {
    if (options.sleep) return options.sleep(seconds);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

tl::expected<Response, Fault> Client::send(const Request& request) {
  if (auto open = state_->open(); !open) return tl::unexpected(Fault{open.error()});
  const RetryPolicy& policy = state_->options.retry;
  for (int attempt = 1;; ++attempt) {
    auto answer = transfer(*state_->curl, state_->handle, request, state_->options);
    std::string why;
    std::optional<double> asked_for;
    bool again = false;
    if (answer) {
      again = is_passing_fault(answer->status) && (request.repeatable || was_not_carried_out(answer->status));
      why = fmt::format("the server answered with status {}", answer->status);
      if (const std::string* header = answer->header("retry-after"))
        asked_for = parse_retry_after(*header, std::chrono::system_clock::now());
    } else {
      again = answer.error().passing && (request.repeatable || !answer.error().carried_out);
      why = answer.error().error.message;
    }
    if (!again || attempt > policy.retries) return answer;
    const double random = std::uniform_real_distribution<double>(0.0, 1.0)(state_->random);
    const double seconds = pause_before(attempt + 1, policy, asked_for, random);
    if (state_->options.on_retry) state_->options.on_retry(why, seconds);
    state_->wait(seconds);
  }
}

}  // namespace joulecast::http
