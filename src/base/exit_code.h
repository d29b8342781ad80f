// The one table that maps kinds of faults to exit codes.
#pragma once

#include "joulecast/error.h"

namespace joulecast {

inline constexpr int kExitInterrupted = 130;

/// Exit code of the program for a fault of this kind (docs/interface.md).
int exit_code(ErrorKind kind);

}  // namespace joulecast
