#include "cli/fault_tally.h"

#include <string>

#include "base/exit_code.h"

namespace joulecast::cli {

void FaultTally::skipped(Console& console, std::string_view network, const Error& reason) {
  console.survived(network, "skipped", reason);
  survived(reason);
}

void FaultTally::survived(const Error& reason) {
  if (!first_) first_ = reason;
  if (!unwritten_ && reason.kind == ErrorKind::kNotWritable) unwritten_ = reason;
}

Expected<int> FaultTally::verdict(bool produced, bool strict, std::string_view nothing_produced) const {
  if (!first_) return 0;
  if (!produced)
    return fail((unwritten_ ? *unwritten_ : *first_).kind, std::string(nothing_produced), {},
                "The reasons stand above");
  // An input left out is a warning; a result that could not be stored is a failure.
  if (unwritten_) return exit_code(unwritten_->kind);
  return strict ? exit_code(first_->kind) : 0;
}

}  // namespace joulecast::cli
