// Faults that cost some networks but did not end the work, and the exit code that follows from them.
#pragma once

#include <optional>
#include <string_view>

#include "cli/console.h"
#include "joulecast/error.h"

namespace joulecast::cli {

class FaultTally {
 public:
  /// Prints the fault of a network that was left out.
  void skipped(Console& console, std::string_view network, const Error& reason);
  /// Counts one that was used all the same.
  void survived(const Error& reason);

  /// 0; the code of an output that could not be written; or with strict that of the first fault. Where
  /// nothing was produced: an error of the kind of that output, else of the first fault, with
  /// `nothing_produced` as its message.
  [[nodiscard]] Expected<int> verdict(bool produced, bool strict, std::string_view nothing_produced) const;

 private:
  std::optional<Error> first_, unwritten_;
};

}  // namespace joulecast::cli
