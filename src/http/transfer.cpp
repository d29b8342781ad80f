#include "http/transfer.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "http/url.h"

namespace joulecast::http {
namespace {

using FilePointer = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// A stretch of the body that is sent: a text, or a file and the bytes that it had when the request began.
struct OutgoingPiece {
  std::string_view text;
  const std::filesystem::path* file = nullptr;
  std::uint64_t bytes = 0;
};

/// What the callbacks see of an attempt.
struct Attempt {
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

  void moved_more(std::size_t bytes) {
    moved += bytes;
    if (request.progress) request.progress(moved);
  }
};

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

Expected<void> begin_sink(Attempt& attempt) {
  BodySink& sink = *attempt.request.sink;
  attempt.sink_begun = true;
  constexpr int kPartialContent = 206;
  std::uint64_t from = 0;
  if (attempt.response.status == kPartialContent) {
    from = sink.kept();
    if (first_byte_of(attempt.response) != from)
      return fail(ErrorKind::kServer, "the server sent another part of the content than was asked for", {},
                  "Try again");
  }
  attempt.moved = from;
  return sink.begin(attempt.response, from);
}

bool give_to_sink(Attempt& attempt, std::string_view bytes) {
  auto taken = attempt.sink_begun ? Expected<void>() : begin_sink(attempt);
  if (taken) taken = attempt.request.sink->take(bytes);
  if (!taken) attempt.local_fault = taken.error();
  return taken.has_value();
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
        attempt.local_fault = unreadable_file(*piece.file, errno != 0 ? errno : EIO);
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

/// One handle with its options; the list of headers lives as long.
class Setup {
 public:
  Setup(const CurlLibrary& curl, CURL* handle) : curl_(curl), handle_(handle) { curl.easy_reset(handle); }
  ~Setup() { curl_.slist_free_all(headers_); }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  template <class Value>
  void set(CURLoption option, Value value) {
    curl_.easy_setopt(handle_, option, value);
  }
  void set(CURLoption option, const std::string& value) { set(option, value.c_str()); }
  void header(const std::string& line) { headers_ = curl_.slist_append(headers_, line.c_str()); }
  void finish() { set(CURLOPT_HTTPHEADER, headers_); }

 private:
  const CurlLibrary& curl_;
  CURL* handle_;
  curl_slist* headers_ = nullptr;
};

/// libcurl 7.88 signs path, query and the headers that are set here, all verbatim, but does not send the hash
/// of the body that S3 wants; TLS is what keeps the body.
void sign(Setup& setup, const SigningKeys& keys) {
  setup.set(CURLOPT_AWS_SIGV4, fmt::format("aws:amz:{}:{}", keys.region, keys.service));
  setup.set(CURLOPT_USERNAME, keys.access_key);
  setup.set(CURLOPT_PASSWORD, keys.secret_key);
  setup.set(CURLOPT_PATH_AS_IS, 1L);
  setup.set(CURLOPT_FOLLOWLOCATION, 0L);
  setup.header("x-amz-content-sha256: UNSIGNED-PAYLOAD");
  if (!keys.session_token.empty()) setup.header("x-amz-security-token: " + keys.session_token);
}

void set_transport(Setup& setup, const Request& request, const ClientOptions& options) {
  setup.set(CURLOPT_URL, request.url);
  setup.set(CURLOPT_NOSIGNAL, 1L);
  setup.set(CURLOPT_FOLLOWLOCATION, request.follow ? 1L : 0L);
  setup.set(CURLOPT_MAXREDIRS, 5L);
  setup.set(CURLOPT_POSTREDIR, static_cast<long>(CURL_REDIR_POST_ALL));
  const bool secure = request.url.starts_with("https:");
  setup.set(CURLOPT_PROTOCOLS_STR, "http,https");
  setup.set(CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
  setup.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_seconds * 1e3));
  setup.set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  setup.set(CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(options.silence_timeout_seconds)));
  setup.set(CURLOPT_USERAGENT, "joulecast");
  setup.set(CURLOPT_ACCEPT_ENCODING, "");
  if (!options.verify_tls) {
    setup.set(CURLOPT_SSL_VERIFYPEER, 0L);
    setup.set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!options.ca_bundle.empty()) setup.set(CURLOPT_CAINFO, options.ca_bundle);
  if (!options.client_certificate.empty()) setup.set(CURLOPT_SSLCERT, options.client_certificate);
  if (!request.signing.empty()) {
    sign(setup, request.signing);
    return;
  }
  // libcurl itself keeps these from other hosts, ports and schemes.
  if (request.credentials.basic()) {
    setup.set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    setup.set(CURLOPT_USERNAME, request.credentials.user);
    setup.set(CURLOPT_PASSWORD, request.credentials.password);
  } else if (!request.credentials.token.empty()) {
    setup.set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    setup.set(CURLOPT_XOAUTH2_BEARER, request.credentials.token);
  }
}

/// All that is to be sent, with its size; files must be there.
Expected<std::uint64_t> collect_pieces(Attempt& attempt) {
  const Request& request = attempt.request;
  std::uint64_t total = 0;
  const auto add_text = [&](const std::string& text) {
    if (!text.empty()) attempt.pieces.push_back({text, nullptr, text.size()});
    total += text.size();
  };
  const auto add_file = [&](const std::filesystem::path& file) -> Expected<void> {
    std::error_code code;
    const std::uint64_t bytes = std::filesystem::file_size(file, code);
    if (code || ::access(file.c_str(), R_OK) != 0)
      return tl::unexpected(unreadable_file(file, code ? code.value() : errno));
    attempt.pieces.push_back({{}, &file, bytes});
    total += bytes;
    return {};
  };
  add_text(request.body);
  if (request.upload)
    if (auto ok = add_file(*request.upload); !ok) return tl::unexpected(ok.error());
  for (const BodyPiece& piece : request.pieces) {
    add_text(piece.text);
    if (piece.file)
      if (auto ok = add_file(*piece.file); !ok) return tl::unexpected(ok.error());
  }
  return total;
}

/// Content that goes on where it broke off must come as it is, not compressed on the way.
void ask_for_the_rest(Setup& setup, const BodySink& sink) {
  constexpr long kPieceBytes = 256L << 10;  // a write of the sink each
  setup.set(CURLOPT_ACCEPT_ENCODING, "identity");
  setup.set(CURLOPT_BUFFERSIZE, kPieceBytes);
  const std::uint64_t kept = sink.kept();
  if (kept == 0) return;
  setup.set(CURLOPT_RANGE, fmt::format("{}-", kept));
  if (const std::string validator = sink.validator(); !validator.empty())
    setup.header("If-Range: " + validator);
}

Expected<void> set_body(Setup& setup, Attempt& attempt) {
  const Request& request = attempt.request;
  const bool has_body = request.upload || !request.body.empty() || !request.pieces.empty() ||
                        request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  for (const auto& [name, value] : request.headers) setup.header(fmt::format("{}: {}", name, value));
  if (request.method == "HEAD") {
    setup.set(CURLOPT_NOBODY, 1L);
  } else if (has_body) {
    const auto size = collect_pieces(attempt);
    if (!size) return tl::unexpected(size.error());
    setup.set(CURLOPT_UPLOAD, 1L);
    setup.set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(*size));
    setup.set(CURLOPT_READFUNCTION, &give_body);
    setup.set(CURLOPT_READDATA, static_cast<void*>(&attempt));
    setup.set(CURLOPT_SEEKFUNCTION, &rewind_body);
    setup.set(CURLOPT_SEEKDATA, static_cast<void*>(&attempt));
    // Servers that do not know "100-continue" would cost a second each. Storages know it, and a header
    // without a value would be signed but not sent.
    if (request.signing.empty()) setup.header("Expect:");
  }
  setup.set(CURLOPT_CUSTOMREQUEST, request.method);
  if (request.sink != nullptr) ask_for_the_rest(setup, *request.sink);
  if (request.download) {
    auto file = AtomicFile::create(*request.download);
    if (!file) return tl::unexpected(file.error());
    attempt.download.emplace(std::move(*file));
  }
  setup.finish();
  return {};
}

}  // namespace

const std::string* Response::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& one) { return one.first == name; });
  return found == headers.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> content_length(const Response& response) {
  const std::string* text = response.header("content-length");
  std::uint64_t bytes = 0;
  if (text == nullptr) return std::nullopt;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), bytes);
  if (code != std::errc() || end != text->data() + text->size() || text->empty()) return std::nullopt;
  return bytes;
}

tl::expected<Response, Fault> transfer(const CurlLibrary& curl, CURL* handle, const Request& request,
                                       const ClientOptions& options) {
  Attempt attempt{request};
  std::array<char, CURL_ERROR_SIZE> detail{};
  Setup setup(curl, handle);
  set_transport(setup, request, options);
  setup.set(CURLOPT_ERRORBUFFER, detail.data());
  setup.set(CURLOPT_HEADERFUNCTION, &take_header);
  setup.set(CURLOPT_HEADERDATA, static_cast<void*>(&attempt));
  setup.set(CURLOPT_WRITEFUNCTION, &take_body);
  setup.set(CURLOPT_WRITEDATA, static_cast<void*>(&attempt));
  if (auto ready = set_body(setup, attempt); !ready) return tl::unexpected(Fault{ready.error()});
  const CURLcode code = curl.easy_perform(handle);
  // The handle outlives what its options point to.
  setup.set(CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
  if (attempt.local_fault) return tl::unexpected(Fault{*attempt.local_fault});
  if (code != CURLE_OK)
    return tl::unexpected(fault_of(
        code, request.url, detail[0] != '\0' ? detail.data() : curl.easy_strerror(code), options.settings));
  if (request.sink != nullptr && attempt.response.ok() && !attempt.sink_begun)  // an empty body
    if (auto begun = begin_sink(attempt); !begun) return tl::unexpected(Fault{begun.error()});
  if (attempt.download && attempt.response.ok()) {
    if (auto kept = attempt.download->commit(); !kept) return tl::unexpected(Fault{kept.error()});
  }
  return std::move(attempt.response);
}

}  // namespace joulecast::http
