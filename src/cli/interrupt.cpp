#include "cli/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <string_view>
#include <thread>

#include "base/atomic_file.h"
#include "base/exit_code.h"

namespace joulecast::cli {
namespace {

constexpr int kSignalBase = 128;  // the shell's convention for a program ended by a signal

[[noreturn]] void wait_and_end(sigset_t signals) {
  int received = 0;
  while (sigwait(&signals, &received) != 0) {
  }
  // The lock stays held, so that no new temporary file appears before the end.
  const auto no_more_files = remove_temporary_files();
  constexpr std::string_view kMessage = "\njoulecast: interrupted; unfinished files were removed\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kMessage.data(), kMessage.size());
  ::_exit(received == SIGINT ? kExitInterrupted : kSignalBase + received);
}

}  // namespace

void end_cleanly_on_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now{};
    // A signal that the parent had ignored (nohup) stays ignored.
    if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) sigaddset(&signals, number);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread(wait_and_end, signals).detach();
}

}  // namespace joulecast::cli
