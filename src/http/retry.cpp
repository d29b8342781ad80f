#include "http/retry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string>

namespace joulecast::http {

bool is_passing_fault(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

bool was_not_carried_out(int status) {
  return status == 429 || status == 503;
}

double pause_before(int next, const RetryPolicy& policy, std::optional<double> retry_after, double random) {
  const double back_off = policy.back_off_seconds * std::exp2(next - 2) * (1.0 + policy.jitter * random);
  return std::clamp(retry_after.value_or(back_off), 0.0, policy.longest_seconds);
}

std::optional<double> parse_retry_after(std::string_view text, std::chrono::system_clock::time_point now) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  double seconds = 0.0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code == std::errc() && end == text.data() + text.size()) {
    if (!std::isfinite(seconds) || seconds < 0.0) return std::nullopt;
    return seconds;
  }
  std::tm date{};
  const std::string copy(text);
  const char* rest = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const auto then = std::chrono::system_clock::from_time_t(::timegm(&date));
  return std::max(0.0, std::chrono::duration<double>(then - now).count());
}

}  // namespace joulecast::http
