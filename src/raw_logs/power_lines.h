// The lines of a power log of any form, as a resumable step over windows of its text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "joulecast/raw_logs.h"

namespace joulecast {

class PowerLines {
 public:
  enum class Kind {
    kSamples,    ///< samples(), at least one
    kNeedsMore,  ///< call again with the rest and what follows
    kEnd,
    kError,  ///< fault(), of the line; further calls return the same
  };
  struct Step {
    Kind kind = Kind::kNeedsMore;
    std::size_t consumed = 0;
  };
  PowerLines() = default;
  PowerLines(const PowerLines&) = delete;
  PowerLines& operator=(const PowerLines&) = delete;
  virtual ~PowerLines() = default;

  /// Goes on in `window`, which begins where the last step stopped consuming. `last`: no bytes follow. Never
  /// returns kNeedsMore then.
  virtual Step step(std::string_view window, bool last) = 0;
  [[nodiscard]] virtual const std::vector<PowerSample>& samples() const = 0;
  [[nodiscard]] virtual const Error& fault() const = 0;
  [[nodiscard]] virtual const std::vector<Warning>& warnings() const = 0;
  [[nodiscard]] virtual StampKind stamp_kind() const { return StampKind::kLocal; }
};

/// Where the first line of a text ends, with universal line ends as in Python (LF, CR, CR LF): its length,
/// and where the next one begins. A CR at the text's end may be half of one, and a text without an end may go
/// on: then `next` is 0, unless these are the last bytes.
struct LineCut {
  std::size_t length = 0;
  std::size_t next = 0;
};
inline LineCut cut_line(std::string_view text, bool last) {
  LineCut cut;
  cut.length = text.find_first_of("\r\n");
  if (cut.length == std::string_view::npos) {
    cut.length = text.size();
    cut.next = last ? text.size() : 0;
    return cut;
  }
  cut.next = cut.length + 1;
  if (text[cut.length] == '\n') return cut;
  if (cut.next == text.size() && !last) {
    cut.next = 0;
  } else if (cut.next < text.size() && text[cut.next] == '\n') {
    ++cut.next;
  }
  return cut;
}

/// What every log that is no text says for help.
inline constexpr const char* kNoText = "Is this a power log? If it is, it was damaged: copy it again";

/// What every log refuses as impossible says for help.
inline constexpr std::string_view kImpossiblePowerHint =
    "A regression needs clean values: remove the sample, or use --method window, which takes it as it stands";

}  // namespace joulecast
