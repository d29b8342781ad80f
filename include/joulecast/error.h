// What goes wrong, where, and what to do about it: the one error type of the library.
//
// Every fallible function returns Expected<T>. The library never prints and never exits; the program maps an
// error's kind to an exit code in one place (base/exit_code.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

namespace joulecast {

/// The kind of a fault; decides the program's exit code (docs/interface.md).
enum class ErrorKind {
  kInternal,      ///< a bug in joulecast
  kUsage,         ///< wrong options or arguments
  kUnreadable,    ///< an input file is missing, a directory, or may not be read
  kMalformed,     ///< an input was read but is not what it should be
  kUnfit,         ///< an input is well formed, but the work cannot be done with it
  kServer,        ///< a network or server fault
  kAccessDenied,  ///< a token or permission of a server is missing or wrong
  kNotWritable,   ///< an output cannot be written: disk full, permission, read-only
  kInterrupted,   ///< the user stopped the work
};

/// A place in an input. Unknown parts are empty or 0.
struct Location {
  std::string file;                     ///< path as the user named it; empty if not a file
  std::uint64_t line = 0;               ///< from 1; 0 if unknown
  std::optional<std::uint64_t> byte{};  ///< offset from 0 in the (decompressed) file

  friend bool operator==(const Location&, const Location&) = default;
};

/// One fault. `message` says what was wrong, `location` where, `hint` what to do; none ends in a line break.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
  Location location{};
  std::string hint{};

  /// "file:line (byte N): message. hint" with the unknown parts left out.
  [[nodiscard]] std::string describe() const;
};

template <class T>
using Expected = tl::expected<T, Error>;

/// Shorthand for returning an error from a function of type Expected<T>.
inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, Location location = {},
                                  std::string hint = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), std::move(location), std::move(hint)});
}

/// A doubt about an input that did not stop the work. Counted, so that a million bad rows make one line.
struct Warning {
  std::string message;
  Location location{};      ///< of the first case
  std::uint64_t count = 1;  ///< how many cases
};

}  // namespace joulecast
