// A latency log read by two threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "joulecast/raw_logs.h"

namespace joulecast {

/// As read_latency_log, each half of the file by a thread of its own. Nothing where one reader has to do it:
/// less than `least_bytes`, a compressed file, no layer that begins in the second half, and whatever a reader
/// of all would say about both halves at once (an error, a doubt, a name that is repeated).
std::optional<LatencyLog> read_latency_log_in_halves(const std::filesystem::path& path,
                                                     const ByteProgress& progress, std::uint64_t least_bytes);

}  // namespace joulecast
