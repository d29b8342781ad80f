// When a request is made again, and how long to wait before.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace joulecast::http {

struct RetryPolicy {
  int retries = 4;                ///< attempts after the first
  double back_off_seconds = 0.5;  ///< before the second attempt; doubled before each further one
  double jitter = 0.5;            ///< up to this share is added, so that clients do not come back together
  double longest_seconds = 60.0;  ///< no pause is longer, whatever the server asks for
};

/// 408, 429, 500, 502, 503, 504.
bool is_passing_fault(int status);
/// Of these, those that say that the request was not carried out: 429 and 503.
bool was_not_carried_out(int status);

/// Seconds to wait before attempt `next` (2 is the first repetition). What the server asked for in
/// `retry_after` goes before the back-off. `random` is in [0, 1).
double pause_before(int next, const RetryPolicy& policy, std::optional<double> retry_after, double random);

/// Seconds from a Retry-After header: a number, or a date after `now` (RFC 9110). Nothing if it is neither.
std::optional<double> parse_retry_after(std::string_view text, std::chrono::system_clock::time_point now);

}  // namespace joulecast::http
