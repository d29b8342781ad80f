// Environment variables, as those of a test or of this process.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace joulecast {

/// Value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(const char* name)>;
/// That of this process.
Environment process_environment();

}  // namespace joulecast
