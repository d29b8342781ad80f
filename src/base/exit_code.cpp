#include "base/exit_code.h"

namespace joulecast {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInternal:
      return 1;
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kUnreadable:
    case ErrorKind::kMalformed:
      return 3;
    case ErrorKind::kUnfit:
      return 4;
    case ErrorKind::kServer:
      return 5;
    case ErrorKind::kAccessDenied:
      return 6;
    case ErrorKind::kNotWritable:
      return 7;
    case ErrorKind::kInterrupted:
      return kExitInterrupted;
  }
  return 1;
}

}  // namespace joulecast
