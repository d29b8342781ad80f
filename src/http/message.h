// A request to an HTTP server and its answer.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "joulecast/error.h"

namespace joulecast::http {

/// A secret that goes into the Authorization header, to the host of the request's URL and to no other.
struct Credentials {
  std::string user, password;  ///< Basic, if one of them is there
  std::string token;           ///< Bearer, else

  [[nodiscard]] bool basic() const { return !user.empty() || !password.empty(); }
  [[nodiscard]] bool empty() const { return !basic() && token.empty(); }
};

/// Keys that sign a request (AWS Signature Version 4), for the host of its URL alone: redirects are not
/// followed. The URL's query must be sorted by name and percent-encoded.
struct SigningKeys {
  std::string access_key, secret_key;
  std::string session_token;  ///< of temporary keys
  std::string region, service = "s3";

  [[nodiscard]] bool empty() const { return access_key.empty() || secret_key.empty(); }
};

struct Response;

/// Takes the body of an answer piece by piece, and knows how much of it an earlier attempt has brought.
class BodySink {
 public:
  BodySink() = default;
  virtual ~BodySink() = default;
  BodySink(const BodySink&) = delete;
  BodySink& operator=(const BodySink&) = delete;

  /// Bytes that are there already: only the rest is asked for.
  [[nodiscard]] virtual std::uint64_t kept() const = 0;
  /// ETag or date of the answer that they are of; the rest is wanted of the same content. Empty: unknown.
  [[nodiscard]] virtual std::string validator() const = 0;
  /// A 2xx answer comes, whose body is the content from byte `from` on: 0, or kept().
  virtual Expected<void> begin(const Response& response, std::uint64_t from) = 0;
  virtual Expected<void> take(std::string_view bytes) = 0;
};

/// A stretch of a body: a text, or else a file, read while it is sent.
struct BodyPiece {
  std::string text{};
  std::optional<std::filesystem::path> file{};
};

/// One request. A body is `body`, the file `upload`, and the `pieces`, one after the other.
struct Request {
  std::string method = "GET";
  std::string url;  ///< http:// or https://, without user and password
  std::vector<std::pair<std::string, std::string>> headers{};
  Credentials credentials{};
  SigningKeys signing{};  ///< instead of credentials
  std::string body{};
  std::optional<std::filesystem::path> upload{};
  std::vector<BodyPiece> pieces{};
  /// Where the body of a 2xx answer goes; the file appears whole or not at all.
  std::optional<std::filesystem::path> download{};
  /// Or who takes it; each repetition goes on where the last one broke off, if the server can. Not owned.
  BodySink* sink = nullptr;
  /// Whether the request may be repeated where the server may have carried it out already: after a lost
  /// answer or a 5xx other than 503. Requests that were not carried out are repeated in any case.
  bool repeatable = true;
  /// Whether the answer may send on to another address. Not with secrets in `headers`, which would go along;
  /// `credentials` go to the server of the address alone.
  bool follow = true;
  /// Told the bytes sent or received so far.
  std::function<void(std::uint64_t bytes)> progress{};
};

struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in small letters
  std::string body;                                          ///< empty where it went to a file

  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
  /// Value of a header, name in small letters; null if it is absent.
  [[nodiscard]] const std::string* header(std::string_view name) const;
};

/// Bytes of the body, as the answer's head says.
std::optional<std::uint64_t> content_length(const Response& response);

/// Why there is no answer.
struct Fault {
  Error error;
  bool passing = false;      ///< may go away by itself
  bool carried_out = false;  ///< the server may have acted on the request
};

}  // namespace joulecast::http
