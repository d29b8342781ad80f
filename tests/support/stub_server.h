// An HTTP server inside the test, on plain sockets: it answers as the test says, and remembers what it was
// asked.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace joulecast::test {

struct StubRequest {
  std::string method, target;                  ///< "GET", "/path?query"
  std::map<std::string, std::string> headers;  ///< names in small letters
  std::string body;

  [[nodiscard]] std::string path() const { return target.substr(0, target.find('?')); }
  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

struct StubAnswer {
  int status = 200;
  std::string body = "{}";
  std::vector<std::pair<std::string, std::string>> headers = {{"Content-Type", "application/json"}};
  bool cut_off = false;  ///< the connection closes after half of the body
  bool silent = false;   ///< the connection closes without an answer
  int delay_ms = 0;      ///< before the answer
};

class StubServer {
 public:
  using Handler = std::function<StubAnswer(const StubRequest&)>;
  /// Listens on a free port of 127.0.0.1 from now on. Each connection has a thread; the handler is called by
  /// one of them at a time.
  explicit StubServer(Handler handler);
  ~StubServer();
  StubServer(const StubServer&) = delete;
  StubServer& operator=(const StubServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<StubRequest> requests() const;
  /// How many connections were made.
  [[nodiscard]] std::size_t connections() const;
  /// Bytes of a body after which the connection is reset, once; 0: never.
  void break_uploads_after(std::size_t bytes);
  /// From now on requests to paths with this ending wait until `count` of them are there at the same time,
  /// once; if they do not come within some seconds, all go on.
  void gather(std::string ending, std::size_t count);
  /// How many of them were there at the same time.
  [[nodiscard]] std::size_t gathered() const;

 private:
  void serve();
  void serve_connection(int connection);
  void wait_for_the_others(const StubRequest& request);
  bool read_request(int connection, std::string& buffer, StubRequest& request);

  Handler handler_;
  int listener_ = -1;
  int wake_ = -1;  ///< closing this end of a pipe ends the thread
  int wake_read_ = -1;
  int port_ = 0;
  std::mutex handler_mutex_;
  mutable std::mutex mutex_;  ///< of what follows
  std::vector<StubRequest> requests_;
  std::size_t connections_ = 0;
  std::size_t break_after_ = 0;
  std::condition_variable all_there_;
  std::string gather_ending_;
  std::size_t gather_count_ = 0;  ///< 0: nobody waits any more
  std::size_t gathered_ = 0;
  std::thread thread_;
};

}  // namespace joulecast::test
