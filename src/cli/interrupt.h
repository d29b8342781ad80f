// What happens when the user stops the program.
#pragma once

namespace joulecast::cli {

/// From here on Ctrl-C (SIGINT), SIGTERM and SIGHUP remove the temporary files and end the program with 130,
/// 143 and 129. Call once, before any other thread starts: signals are then taken by one thread that may lock
/// and unlink, which a signal handler may not. A closed pipe becomes a failed write instead of a signal.
void end_cleanly_on_signals();

}  // namespace joulecast::cli
