// One attempt at a request: the body that goes out, and what comes in, as libcurl's callbacks have it.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <curl/curl.h>

#include "base/atomic_file.h"
#include "http/message.h"

namespace joulecast::http {

/// A stretch of the body that is sent: a text, or a file and the bytes that it had when the request began.
struct OutgoingPiece {
  std::string_view text;
  const std::filesystem::path* file = nullptr;
  std::uint64_t bytes = 0;
};

struct Attempt {
  using FilePointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  const Request& request;
  Response response{};
  std::vector<OutgoingPiece> pieces{};
  std::size_t piece = 0;  ///< the one that is sent now
  std::uint64_t sent_of_piece = 0;
  FilePointer open_file{nullptr, &std::fclose};
  std::optional<AtomicFile> download{};
  bool sink_begun = false;
  std::optional<Error> local_fault{};  ///< why the body could not be taken
  std::uint64_t moved = 0;

  /// Gathers all that is to be sent; the value is its size. Error kUnreadable: a file is not there.
  Expected<std::uint64_t> collect_pieces();
  /// Tells the request's sink of the answer, once. Errors: the sink's; kServer for another part of the
  /// content than was asked for.
  Expected<void> begin_sink();
  void moved_more(std::size_t bytes);
};

// Callbacks; `user` is an Attempt.
std::size_t take_header(char* data, std::size_t one, std::size_t size, void* user);
std::size_t take_body(char* data, std::size_t one, std::size_t size, void* user);
std::size_t give_body(char* to, std::size_t one, std::size_t size, void* user);
int rewind_body(void* user, curl_off_t offset, int origin);

}  // namespace joulecast::http
