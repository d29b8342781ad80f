#include "support/run_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <thread>

namespace joulecast::test {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::seconds kPatience{300};

/// In the child: never returns.
[[noreturn]] void become_program(const std::vector<std::string>& arguments, const RunOptions& options,
                                 int out, int err) {
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) ::_exit(126);
  if (options.file_limit) {
    const rlimit limit{*options.file_limit, *options.file_limit};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit then fails as one to a full disk does
  }
  for (const auto& variable : options.environment) ::putenv(const_cast<char*>(variable.c_str()));
  if (options.user && (::setgid(*options.user) != 0 || ::setuid(*options.user) != 0)) ::_exit(126);
  std::vector<std::string> words{JOULECAST_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv(JOULECAST_PROGRAM, pointers.data());
  ::_exit(127);
}

bool any_file_below(const fs::path& folder) {
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    if (it->is_regular_file(code)) return true;
  return false;
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& arguments, const RunOptions& options) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) become_program(arguments, options, out[1], err[1]);
  ::close(out[1]);
  ::close(err[1]);

  ProgramResult result;
  std::array<pollfd, 2> waiting{pollfd{out[0], POLLIN, 0}, pollfd{err[0], POLLIN, 0}};
  const std::array<std::string*, 2> texts{&result.output, &result.errors};
  const auto deadline =
      std::chrono::steady_clock::now() + options.kill_after.value_or(std::chrono::milliseconds(kPatience));
  bool signalled = options.signal == 0;
  int open = 2;
  while (open > 0) {
    if (std::chrono::steady_clock::now() > deadline) ::kill(child, SIGKILL);
    if (!signalled && any_file_below(options.signal_when_file_in)) {
      ::kill(child, options.signal);
      signalled = true;
    }
    if (::poll(waiting.data(), waiting.size(), signalled && !options.kill_after ? 1000 : 1) <= 0) continue;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      std::array<char, 65536> chunk{};
      const ssize_t got = ::read(waiting[i].fd, chunk.data(), chunk.size());
      if (got > 0) {
        texts[i]->append(chunk.data(), static_cast<std::size_t>(got));
      } else {
        ::close(waiting[i].fd);
        waiting[i].fd = -1;
        --open;
      }
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    if (it->is_regular_file()) names.push_back(fs::relative(it->path(), folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace joulecast::test
