#include "support/stub_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>

namespace joulecast::test {
namespace {

constexpr int kPatienceMs = 20000;

std::string small_letters(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Closing with unread bytes makes the other side see a reset.
void reset(int connection) {
  const linger now{1, 0};
  ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace

StubServer::StubServer(Handler handler) : handler_(std::move(handler)) {
  std::array<int, 2> wake{};
  if (::pipe2(wake.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  wake_read_ = wake[0];
  wake_ = wake[1];
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, plain, length) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, plain, &length) != 0)
    throw std::runtime_error("the stub server cannot listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

StubServer::~StubServer() {
  ::close(wake_);
  thread_.join();
  ::close(listener_);
  ::close(wake_read_);
}

std::vector<StubRequest> StubServer::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

std::size_t StubServer::connections() const {
  const std::scoped_lock lock(mutex_);
  return connections_;
}

void StubServer::break_uploads_after(std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  break_after_ = bytes;
}

void StubServer::gather(std::string ending, std::size_t count) {
  const std::scoped_lock lock(mutex_);
  gather_ending_ = std::move(ending);
  gather_count_ = count;
  gathered_ = 0;
}

std::size_t StubServer::gathered() const {
  const std::scoped_lock lock(mutex_);
  return gathered_;
}

void StubServer::wait_for_the_others(const StubRequest& request) {
  std::unique_lock lock(mutex_);
  if (gather_count_ == 0 || !request.path().ends_with(gather_ending_)) return;
  if (++gathered_ < gather_count_)
    all_there_.wait_for(lock, std::chrono::milliseconds(kPatienceMs / 2), [&] { return gather_count_ == 0; });
  gather_count_ = 0;
  all_there_.notify_all();
}

void StubServer::serve() {
  std::vector<std::jthread> connections;  // joined when this one ends
  for (;;) {
    std::array<pollfd, 2> waiting{pollfd{listener_, POLLIN, 0}, pollfd{wake_read_, POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) <= 0) continue;
    if (waiting[1].revents != 0) return;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    {
      const std::scoped_lock lock(mutex_);
      ++connections_;
    }
    connections.emplace_back([this, connection] {
      serve_connection(connection);
      ::close(connection);
    });
  }
}

bool StubServer::read_request(int connection, std::string& buffer, StubRequest& request) {
  const auto read_more = [&] {
    std::array<pollfd, 2> waiting{pollfd{connection, POLLIN, 0}, pollfd{wake_read_, POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), kPatienceMs) <= 0 || waiting[1].revents != 0) return false;
    std::array<char, 65536> chunk{};
    const ssize_t got = ::recv(connection, chunk.data(), chunk.size(), 0);
    if (got > 0) buffer.append(chunk.data(), static_cast<std::size_t>(got));
    return got > 0;
  };
  if (buffer.empty() && !read_more()) return false;
  constexpr char kTlsHello = 0x16;
  if (buffer[0] == kTlsHello) {  // as servers without TLS do
    send_all(connection, "HTTP/1.1 400 Bad Request\r\n\r\n");
    return false;
  }
  std::size_t head = 0;
  while ((head = buffer.find("\r\n\r\n")) == std::string::npos)
    if (!read_more()) return false;
  const std::string text = buffer.substr(0, head);
  buffer.erase(0, head + 4);
  const std::size_t blank = text.find(' ');
  request.method = text.substr(0, blank);
  request.target = text.substr(blank + 1, text.find(' ', blank + 1) - blank - 1);
  for (std::size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at + 2)) {
    const std::string line = text.substr(at + 2, text.find("\r\n", at + 2) - at - 2);
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos)
      request.headers[small_letters(line.substr(0, colon))] =
          line.substr(std::min(line.find_first_not_of(' ', colon + 1), line.size()));
  }
  const auto size = static_cast<std::size_t>(std::atoll(request.header("content-length").c_str()));
  while (buffer.size() < size) {
    {
      const std::scoped_lock lock(mutex_);
      if (break_after_ != 0 && buffer.size() >= break_after_) {
        break_after_ = 0;
        reset(connection);
        return false;
      }
    }
    if (!read_more()) return false;
  }
  request.body = buffer.substr(0, size);
  buffer.erase(0, size);
  return true;
}

void StubServer::serve_connection(int connection) {
  std::string buffer;
  for (;;) {
    StubRequest request;
    if (!read_request(connection, buffer, request)) return;
    wait_for_the_others(request);
    const StubAnswer answer = [&] {
      const std::scoped_lock in_order(handler_mutex_);
      {
        const std::scoped_lock lock(mutex_);
        requests_.push_back(request);
      }
      return handler_(request);
    }();
    std::this_thread::sleep_for(std::chrono::milliseconds(answer.delay_ms));
    if (answer.silent) return;
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Stub\r\n";
    for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
    text += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
    // In one piece: a second one would wait for the first's acknowledgement.
    if (request.method != "HEAD")
      text += answer.body.substr(0, answer.cut_off ? answer.body.size() / 2 : answer.body.size());
    send_all(connection, text);
    if (answer.cut_off) return;
  }
}

}  // namespace joulecast::test
