// A file or a piece of memory as a window that moves over it: the bytes not yet used, contiguous.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/input_file.h"

namespace joulecast {

class WindowSource {
 public:
  static constexpr std::size_t kWindowBytes = 256 * 1024;
  /// No token or line of a log is longer; a file without any end of line must not fill the memory.
  static constexpr std::size_t kLargestWindow = 16U << 20U;

  explicit WindowSource(InputFile file) : file_(std::move(file)), name_(file_->name()) {
    buffer_.resize(kWindowBytes);
  }
  /// Hands `text` out in pieces of `window_bytes`, as if a file had been read in such pieces.
  WindowSource(std::string text, std::string name, std::size_t window_bytes)
      : name_(std::move(name)), memory_(std::move(text)) {
    buffer_.resize(std::max<std::size_t>(1, window_bytes));
  }

  [[nodiscard]] std::string_view window() const { return {buffer_.data() + begin_, end_ - begin_}; }
  [[nodiscard]] bool last() const { return last_; }  ///< nothing follows the window
  void consume(std::size_t bytes) {
    begin_ += bytes;
    consumed_ += bytes;
  }
  /// Brings more bytes behind those not consumed. Errors: of the file; kMalformed beyond kLargestWindow.
  Expected<void> refill();

  [[nodiscard]] std::uint64_t consumed() const { return consumed_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint64_t bytes_done() const { return file_ ? file_->taken_from_disk() : consumed_; }
  [[nodiscard]] std::uint64_t bytes_total() const { return file_ ? file_->size_on_disk() : memory_.size(); }

 private:
  Expected<std::size_t> read(std::span<char> target);

  std::optional<InputFile> file_;
  std::string name_;
  std::string memory_;
  std::size_t memory_at_ = 0;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t consumed_ = 0;
  bool last_ = false;
};

}  // namespace joulecast
