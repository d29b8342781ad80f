// What the user sees: messages and progress on stderr, results on stdout.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "cli/flags.h"
#include "joulecast/error.h"

namespace joulecast::cli {

/// Messages, as text or as JSON lines. May be called from several threads.
class Console {
 public:
  explicit Console(const CommonOptions& options);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// What was wrong, where, what to do.
  void error(const Error& error);
  /// A doubt; `about` (a network) is named where the warning has no place of its own.
  void warning(const Warning& warning, std::string_view about = {});
  void warning(std::string_view message);
  /// A fault that was survived: what it cost the network ("skipped"; empty: not all of it), and the reason.
  void survived(std::string_view network, std::string_view cost, const Error& reason);
  void note(std::string_view message);    ///< not with --quiet
  void detail(std::string_view message);  ///< only with --verbose

  /// A summary for people, on stdout; not with --quiet.
  void summary(std::string_view text);
  /// The result asked for, on stdout, always.
  void result(std::string_view text);
  /// Flushes stdout. Error kNotWritable: the disk behind it is full; a closed pipe is no error.
  Expected<void> finish();

  /// Shows how far the work is; redrawn ten times a second at most. `unit_scale` turns done and total into
  /// what is shown (1 for things, 1e6 for MB). A total of 0 means unknown.
  void progress(std::string_view what, std::uint64_t done, std::uint64_t total, std::string_view unit,
                double unit_scale = 1.0);
  /// Takes the progress line away.
  void end_progress();

  [[nodiscard]] bool quiet() const { return quiet_; }
  /// Columns to fill on stdout: the terminal's, else $COLUMNS, else 80.
  [[nodiscard]] std::size_t width() const;
  /// Whether stdout takes colours: a terminal, and NO_COLOR is not set.
  [[nodiscard]] bool colours() const;

 private:
  void line(std::string_view level, std::string_view style, const std::string& text, const std::string& hint,
            const std::string& json_fields);
  void erase_progress_line();

  bool quiet_;
  bool verbose_;
  bool json_;
  bool progress_;
  bool colours_on_stderr_;
  std::mutex mutex_;
  bool line_shown_ = false;
  std::chrono::steady_clock::time_point started_{};
  std::chrono::steady_clock::time_point drawn_{};
  std::string current_;
};

}  // namespace joulecast::cli
