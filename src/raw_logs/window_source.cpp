#include "raw_logs/window_source.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace joulecast {

Expected<std::size_t> WindowSource::read(std::span<char> target) {
  if (file_) return file_->read(target);
  const std::size_t count = std::min(target.size(), memory_.size() - memory_at_);
  std::memcpy(target.data(), memory_.data() + memory_at_, count);
  memory_at_ += count;
  return count;
}

Expected<void> WindowSource::refill() {
  if (begin_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) {
    if (end_ >= kLargestWindow) {
      return fail(ErrorKind::kMalformed,
                  fmt::format("one name, number or line is longer than {} MiB", kLargestWindow >> 20U),
                  {name_, 0, consumed_}, "Check that this is the right file");
    }
    buffer_.resize(2 * buffer_.size());
  }
  const auto got = read(std::span(buffer_).subspan(end_));
  if (!got) return tl::unexpected(got.error());
  end_ += *got;
  last_ = *got == 0;
  return {};
}

}  // namespace joulecast
