#include "http/transfer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "http/attempt.h"

namespace joulecast::http {
namespace {

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
    const auto size = attempt.collect_pieces();
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
    if (auto begun = attempt.begin_sink(); !begun) return tl::unexpected(Fault{begun.error()});
  if (attempt.download && attempt.response.ok()) {
    if (auto kept = attempt.download->commit(); !kept) return tl::unexpected(Fault{kept.error()});
  }
  return std::move(attempt.response);
}

}  // namespace joulecast::http
