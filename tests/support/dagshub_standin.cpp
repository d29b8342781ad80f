#include "support/dagshub_standin.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

#include "http/client.h"
#include "http/url.h"

namespace joulecast::test {
namespace {

const std::string kStandin = JOULECAST_SHARED_DIR "/tools/dagshub_standin.py";

/// What a process prints up to the end of its first line.
std::string first_line(int descriptor) {
  std::string line;
  char c = 0;
  while (::read(descriptor, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

std::string ask(const std::string& method, const std::string& url) {
  http::Request request;
  request.method = method;
  request.url = url;
  const auto answer = http::Client({}).send(request);
  if (!answer || !answer->ok()) throw std::runtime_error("the stand-in does not answer");
  return answer->body;
}

}  // namespace

bool DagshubStandin::is_there() {
  return std::filesystem::exists(kStandin) &&
         std::system("python3 --version > /dev/null 2>&1 && git --version > /dev/null 2>&1") == 0;
}

DagshubStandin::DagshubStandin(const std::filesystem::path& folder) {
  std::array<int, 2> out{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const std::string data = folder.string();
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
    ::execlp("python3", "python3", kStandin.c_str(), "--data", data.c_str(), "--port", "0", nullptr);
    ::_exit(127);
  }
  ::close(out[1]);
  const std::string line = first_line(out[0]);
  ::close(out[0]);
  constexpr std::string_view kReady = "ready ";
  if (!line.starts_with(kReady)) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    throw std::runtime_error("the stand-in does not start");
  }
  url_ = line.substr(kReady.size());
}

DagshubStandin::~DagshubStandin() {
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void DagshubStandin::set_faults(const std::string& faults) const {
  ask("POST", url_ + "/__fault" + http::query_of({{"spec", faults}}));
}

std::string DagshubStandin::log() const {
  return ask("GET", url_ + "/__log");
}

std::size_t DagshubStandin::requests(const std::string& part) const {
  const std::string lines = log().substr(log_begin_);
  std::size_t found = 0;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    found += lines.substr(at, end - at).find(part) != std::string::npos ? 1 : 0;
    at = end + 1;
  }
  return found;
}

void DagshubStandin::clear_log() {
  log_begin_ = log().size();
}

}  // namespace joulecast::test
