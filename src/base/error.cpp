#include "joulecast/error.h"

#include <fmt/format.h>

namespace joulecast {

std::string Error::describe() const {
  std::string text;
  if (!location.file.empty()) {
    text = location.file;
    if (location.line != 0) text += fmt::format(":{}", location.line);
    if (location.byte) text += fmt::format(" (byte {})", *location.byte);
    text += ": ";
  }
  text += message;
  if (!hint.empty()) text += fmt::format(". {}", hint);
  return text;
}

}  // namespace joulecast
