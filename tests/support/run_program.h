// Runs the built program as a user would: arguments in, exit code and both outputs back.
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace joulecast::test {

struct ProgramResult {
  int exit_code = -1;          ///< 128 + signal if a signal ended it, as a shell has it
  std::string output, errors;  ///< stdout, stderr
};

struct RunOptions {
  std::filesystem::path folder;             ///< working folder; empty: the test's own
  std::vector<std::string> environment;     ///< NAME=VALUE, on top of the test's own environment
  std::optional<unsigned> user;             ///< run as this uid (needs root)
  std::optional<std::uint64_t> file_limit;  ///< bytes that any one file may have (RLIMIT_FSIZE)
  /// Sends `signal` once `signal_when` appears as a file whose name begins so, anywhere below this folder.
  int signal = 0;
  std::filesystem::path signal_when_file_in;
  std::optional<std::chrono::milliseconds> kill_after;  ///< with SIGKILL
};

/// JOULECAST_PROGRAM with these arguments. Waits five minutes at most, then kills it (exit code 137).
ProgramResult run_program(const std::vector<std::string>& arguments, const RunOptions& options = {});

std::string read_file(const std::filesystem::path& path);
/// Every file below a folder, relative, sorted.
std::vector<std::string> files_below(const std::filesystem::path& folder);

}  // namespace joulecast::test
