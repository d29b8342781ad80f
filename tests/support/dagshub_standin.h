// The stand-in of DagsHub beside the checkout, run for a test: its repository is tester/demo, its token
// "standin-token".
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>

namespace joulecast::test {

class DagshubStandin {
 public:
  /// The stand-in, python3 and git are on this machine.
  static bool is_there();
  /// Keeps what it is given in a folder. Throws if it does not start.
  explicit DagshubStandin(const std::filesystem::path& folder);
  ~DagshubStandin();
  DagshubStandin(const DagshubStandin&) = delete;
  DagshubStandin& operator=(const DagshubStandin&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  /// KIND:METHOD:URL-PART:COUNT,... as the stand-in's own text has it; empty: none.
  void set_faults(const std::string& faults) const;
  /// Requests since clear_log() whose address holds `part`.
  [[nodiscard]] std::size_t requests(const std::string& part) const;
  void clear_log();

 private:
  [[nodiscard]] std::string log() const;

  pid_t process_ = -1;
  std::string url_;
  std::size_t log_begin_ = 0;
};

}  // namespace joulecast::test
