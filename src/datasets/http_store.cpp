// DVC remotes on HTTP servers.
#include <fmt/format.h>

#include "datasets/credentials.h"
#include "datasets/object_store.h"
#include "datasets/remote_options.h"
#include "http/client_pool.h"
#include "http/url.h"

namespace joulecast::datasets {
namespace {

constexpr int kNotFound = 404;
constexpr int kMethodNotAllowed = 405;
constexpr int kRangeNotSatisfiable = 416;
constexpr int kNotImplemented = 501;

struct HttpPlace {
  std::string url;     ///< without user, password and last slash
  std::string method;  ///< for uploads
  http::Credentials credentials;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Is content with the object's begin: a server that knows no ranges would send it all.
class Beginning final : public http::BodySink {
 public:
  [[nodiscard]] std::uint64_t kept() const override { return 0; }
  [[nodiscard]] std::string validator() const override { return {}; }
  Expected<void> begin(const http::Response&, std::uint64_t) override {
    has_come_ = true;
    seen_ = 0;
    return {};
  }
  Expected<void> take(std::string_view bytes) override {
    constexpr std::size_t kWorthKeepingTheConnection = 4096;
    seen_ += bytes.size();
    if (seen_ <= kWorthKeepingTheConnection) return {};
    return fail(ErrorKind::kInternal, "more of an object was sent than was asked for", {}, "It has come");
  }
  [[nodiscard]] bool has_come() const { return has_come_; }

 private:
  bool has_come_ = false;
  std::size_t seen_ = 0;
};

class HttpStore final : public ObjectStore {
 public:
  HttpStore(HttpPlace place, http::ClientOptions options)
      : place_(std::move(place)), clients_(std::move(options)) {}

  [[nodiscard]] const std::string& name() const override { return place_.url; }
  Expected<bool> has(const std::string& key) override {
    http::Request request = request_for(key);
    request.method = "HEAD";
    Beginning beginning;
    auto answer = clients_.send(request);
    if (answer && (answer->status == kMethodNotAllowed || answer->status == kNotImplemented)) {
      request.method = "GET";
      request.headers.emplace_back("Range", "bytes=0-0");
      request.sink = &beginning;
      answer = clients_.send(request);
      if (beginning.has_come()) return true;
    }
    if (!answer) return tl::unexpected(answer.error().error);
    if (answer->status == kRangeNotSatisfiable) return true;  // it is empty
    if (answer->status == kNotFound) return false;
    if (!answer->ok()) return tl::unexpected(fault_of(*answer, key));
    return true;
  }
  Expected<bool> get(const std::string& key, PartialFile& to, const ByteProgress& progress) override {
    http::Request request = request_for(key);
    request.sink = &to;
    request.progress = progress;
    for (bool again = false;; again = true) {
      const auto answer = clients_.send(request);
      if (!answer) return tl::unexpected(answer.error().error);
      if (answer->ok()) return true;
      if (answer->status == kNotFound) return false;
      // What is there is as long as the object, or longer: it is whole, or worth nothing.
      if (answer->status != kRangeNotSatisfiable || again || to.kept() == 0)
        return tl::unexpected(fault_of(*answer, key));
      if (auto emptied = to.start_again(); !emptied) return tl::unexpected(emptied.error());
    }
  }
  Expected<void> put(const std::filesystem::path& file, const std::string& key,
                     const ByteProgress& progress) override {
    http::Request request = request_for(key);
    request.method = place_.method;
    request.upload = file;
    request.progress = progress;
    request.headers.emplace_back("Content-Type", "application/octet-stream");
    const auto answer = clients_.send(request);  // to be repeated at will: the name is that of the content
    if (!answer) return tl::unexpected(answer.error().error);
    if (!answer->ok()) return tl::unexpected(fault_of(*answer, key));
    return {};
  }

 private:
  [[nodiscard]] http::Request request_for(const std::string& key) const {
    http::Request request;
    request.url = place_.url + "/" + key;
    request.credentials = place_.credentials;
    request.headers = place_.headers;
    request.follow = place_.headers.empty();
    return request;
  }
  [[nodiscard]] Error fault_of(const http::Response& response, const std::string& key) const {
    const bool secret = !place_.credentials.empty() || !place_.headers.empty();
    if (response.status == 401 || response.status == 403)
      return {ErrorKind::kAccessDenied,
              fmt::format("{}: {} (status {})", place_.url,
                          secret ? "user, password or token are refused" : "a user and a password are wanted",
                          response.status),
              {},
              "Set auth, user and password of the remote in .dvc/config.local, or DAGSHUB_USER_TOKEN for "
              "DagsHub"};
    const char* hint = "Check the remote's address; the server's log tells more";
    if (response.status == 429) hint = "The server is asked too often: try again later, or with fewer --jobs";
    if (response.status == 413 || response.status == 400)
      hint = "Large objects may need the remote's S3 address";
    return {ErrorKind::kServer, fmt::format("{}/{}: status {}", place_.url, key, response.status), {}, hint};
  }

  HttpPlace place_;
  http::ClientPool clients_;
};

}  // namespace

Expected<std::unique_ptr<ObjectStore>> http_store(const DvcRemote& remote, const Environment& environment,
                                                  http::ClientOptions options) {
  if (auto known = check_options(remote, {"auth", "custom_auth_header", "user", "password", "ask_password",
                                          "ssl_verify", "method", "connect_timeout", "read_timeout"});
      !known)
    return tl::unexpected(known.error());
  if (auto taken = take_transport(remote, options); !taken) return tl::unexpected(taken.error());
  const auto asks = flag_option(remote, "ask_password", false);
  if (!asks) return tl::unexpected(asks.error());
  if (*asks && remote.option("password").empty())
    return tl::unexpected(unsupported_option(remote, "ask_password",
                                             "Nothing is asked for: set password, in .dvc/config.local"));
  const auto url = http::parse_url(remote.option("url"));
  HttpPlace place;
  place.url = url->text();
  while (place.url.ends_with('/')) place.url.pop_back();
  place.method = remote.option("method").empty() ? "POST" : remote.option("method");
  const std::string auth = remote.option("auth");
  if (auth == "digest")
    return fail(ErrorKind::kUsage, fmt::format("the remote '{}' asks for auth = digest", remote.name), {},
                "DVC itself does not have it either: use basic or custom");
  if (const std::string header = remote.option("custom_auth_header"); !header.empty()) {
    place.headers.emplace_back(header, remote.option("password"));
  } else if (!remote.option("password").empty() || !remote.option("user").empty()) {
    place.credentials = {remote.option("user"), remote.option("password"), {}};
  } else if (!url->user.empty() || !url->password.empty()) {
    place.credentials = {url->user, url->password, {}};
  } else if (const auto dagshub = dagshub_account(environment);
             dagshub && http::parse_url(dagshub->host)->same_origin(*url) && !dagshub->token.empty()) {
    place.credentials = {dagshub->token, dagshub->token, {}};
  }
  return std::make_unique<HttpStore>(std::move(place), std::move(options));
}

}  // namespace joulecast::datasets
