// What Python's str.strip() and float() make of text: logs were written for them.
#pragma once

#include <optional>
#include <string_view>

namespace joulecast::python {

/// Without ASCII white space at both ends (Python's: the usual six and 0x1c to 0x1f).
std::string_view strip(std::string_view text);

/// float(text): white space around, a sign, underscores between digits, `nan`, `inf`, `infinity` in any case,
/// `5.` and `.5`; correctly rounded, too large becomes infinite. Empty if float() would raise.
std::optional<double> to_float(std::string_view text);

/// PurePath(name).stem: without the last suffix; a dot in front or at the end begins no suffix.
std::string_view stem(std::string_view name);

}  // namespace joulecast::python
