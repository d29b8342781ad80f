#include "http/attempt.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/input_file.h"

namespace joulecast::http {
namespace {

/// First byte of a 206 answer: "bytes 100-199/200".
std::optional<std::uint64_t> first_byte_of(const Response& response) {
  const std::string* range = response.header("content-range");
  constexpr std::string_view kUnit = "bytes ";
  if (range == nullptr || !range->starts_with(kUnit)) return std::nullopt;
  std::uint64_t first = 0;
  const char* begin = range->data() + kUnit.size();
  const auto [end, code] = std::from_chars(begin, range->data() + range->size(), first);
  if (code != std::errc() || end == begin) return std::nullopt;
  return first;
}

bool give_to_sink(Attempt& attempt, std::string_view bytes) {
  auto taken = attempt.sink_begun ? Expected<void>() : attempt.begin_sink();
  if (taken) taken = attempt.request.sink->take(bytes);
  if (!taken) attempt.local_fault = taken.error();
  return taken.has_value();
}

}  // namespace

Expected<void> Attempt::begin_sink() {
  BodySink& sink = *request.sink;
  sink_begun = true;
  constexpr int kPartialContent = 206;
  std::uint64_t from = 0;
  if (response.status == kPartialContent) {
    from = sink.kept();
    if (first_byte_of(response) != from)
      return fail(ErrorKind::kServer, "the server sent another part of the content than was asked for", {},
                  "Try again");
  }
  moved = from;
  return sink.begin(response, from);
}

Expected<std::uint64_t> Attempt::collect_pieces() {
  std::uint64_t total = 0;
  const auto add_text = [&](const std::string& text) {
    if (!text.empty()) pieces.push_back({text, nullptr, text.size()});
    total += text.size();
  };
  const auto add_file = [&](const std::filesystem::path& file) -> Expected<void> {
    std::error_code code;
    const std::uint64_t bytes = std::filesystem::file_size(file, code);
    if (code || ::access(file.c_str(), R_OK) != 0)
      return tl::unexpected(unreadable_file(file, code ? code.value() : errno));
    pieces.push_back({{}, &file, bytes});
    total += bytes;
    return {};
  };
  add_text(request.body);
  if (request.upload)
    if (auto ok = add_file(*request.upload); !ok) return tl::unexpected(ok.error());
  for (const BodyPiece& one : request.pieces) {
    add_text(one.text);
    if (one.file)
      if (auto ok = add_file(*one.file); !ok) return tl::unexpected(ok.error());
  }
  return total;
}

void Attempt::moved_more(std::size_t bytes) {
  moved += bytes;
  if (request.progress) request.progress(moved);
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& response = static_cast<Attempt*>(user)->response;
  std::string_view line(data, size);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  // Each answer of a chain of redirects begins with its status line.
  if (line.starts_with("HTTP/")) {
    response.headers.clear();
    const std::size_t blank = std::min(line.find(' '), line.size());
    response.status = std::atoi(std::string(line.substr(blank)).c_str());
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    line.remove_prefix(colon + 1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    response.headers.emplace_back(std::move(name), std::string(line));
  }
  return size;
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& attempt = *static_cast<Attempt*>(user);
  if (attempt.request.sink != nullptr && attempt.response.ok()) {
    if (!give_to_sink(attempt, {data, size})) return 0;
    attempt.moved_more(size);
    return size;
  }
  if (attempt.download && attempt.response.ok()) {
    attempt.download->write({data, size});
    if (!attempt.download->ok()) {
      attempt.local_fault = attempt.download->commit().error();
      return 0;
    }
    attempt.moved_more(size);
    return size;
  }
  // A page that a server shows instead of an answer is needed for its first words alone, but JSON whole.
  constexpr std::size_t kLongestBody = 256U << 20U;
  if (attempt.response.body.size() + size > kLongestBody) return 0;
  attempt.response.body.append(data, size);
  return size;
}

std::size_t give_body(char* to, std::size_t, std::size_t size, void* user) {
  auto& attempt = *static_cast<Attempt*>(user);
  while (attempt.piece < attempt.pieces.size()) {
    const OutgoingPiece& piece = attempt.pieces[attempt.piece];
    const std::uint64_t left = piece.bytes - attempt.sent_of_piece;
    if (left == 0) {
      ++attempt.piece;
      attempt.sent_of_piece = 0;
      attempt.open_file.reset();
      continue;
    }
    std::size_t given = static_cast<std::size_t>(std::min<std::uint64_t>(size, left));
    if (piece.file == nullptr) {
      std::memcpy(to, piece.text.data() + attempt.sent_of_piece, given);
    } else {
      if (!attempt.open_file) attempt.open_file.reset(std::fopen(piece.file->c_str(), "rb"));
      given = attempt.open_file ? std::fread(to, 1, given, attempt.open_file.get()) : 0;
      if (given == 0) {  // gone, unreadable, or shorter than it was
        const bool failed = !attempt.open_file || std::ferror(attempt.open_file.get()) != 0;
        attempt.local_fault = unreadable_file(*piece.file, failed ? errno : EIO);
        return CURL_READFUNC_ABORT;
      }
    }
    attempt.sent_of_piece += given;
    attempt.moved_more(given);
    return given;
  }
  return 0;
}

/// A redirect makes libcurl send the body again. So does, unasked, a kept connection that closes without an
/// answer: then the server may have acted on the request, and what may not be repeated must not be.
int rewind_body(void* user, curl_off_t offset, int origin) {
  auto& attempt = *static_cast<Attempt*>(user);
  const bool redirected = attempt.response.status >= 300 && attempt.response.status < 400;
  if (!attempt.request.repeatable && !redirected) return CURL_SEEKFUNC_FAIL;
  if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
  attempt.piece = 0;
  attempt.sent_of_piece = 0;
  attempt.open_file.reset();
  attempt.moved = 0;
  return CURL_SEEKFUNC_OK;
}

}  // namespace joulecast::http
