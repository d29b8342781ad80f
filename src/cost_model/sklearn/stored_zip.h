// ZIP archives whose members are stored as they are: what skops writes.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "joulecast/error.h"

namespace joulecast::sklearn {

/// The members by name, as views into `bytes`. Strict: one part, nothing compressed or encrypted, names
/// without folders, no member twice or within another, checksums right. Errors: kMalformed with the byte;
/// kUnfit for what ZIP allows and is not read.
Expected<std::map<std::string, std::string_view, std::less<>>> read_stored_zip(std::string_view bytes,
                                                                               std::string_view source);

}  // namespace joulecast::sklearn
