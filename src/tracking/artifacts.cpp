#include "tracking/artifacts.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "http/url.h"

namespace joulecast::tracking {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kInterface = "/api/2.0/mlflow-artifacts/artifacts";

std::string without_slashes(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

/// A server's folder is one of this machine only if the server is: else files would go where nobody looks.
Expected<fs::path> local_folder(const Rest& rest, std::string_view uri) {
  const auto server = http::parse_url(rest.server().uri);
  std::string_view path = uri;
  if (path.starts_with("file://")) path.remove_prefix(7);
  if (path.starts_with("file:")) path.remove_prefix(5);
  if (!server || !server->is_local() || !path.starts_with('/'))
    return fail(ErrorKind::kUnfit, fmt::format("{} keeps files in its own folder {}", rest.server().uri, uri),
                {}, "Start the server with --serve-artifacts");
  return fs::path(http::percent_decoded(path));
}

/// Paths that a server names must stay below the folder that they are written to.
bool is_safe(const std::string& path) {
  const fs::path parts(path);
  return !path.empty() && !parts.is_absolute() &&
         std::none_of(parts.begin(), parts.end(), [](const fs::path& part) { return part == ".."; });
}

}  // namespace

std::shared_ptr<http::S3Bucket> ArtifactStores::bucket(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  auto& bucket = buckets_[name];
  if (!bucket)
    bucket = std::make_shared<http::S3Bucket>(http::s3_account(environment_), name, rest_.options());
  return bucket;
}

Expected<ArtifactStore> ArtifactStores::at(std::string_view uri) {
  const std::string& server = rest_.server().uri;
  constexpr std::string_view kProxied = "mlflow-artifacts:";
  if (uri.starts_with(kProxied)) {
    std::string_view path = uri.substr(kProxied.size());
    if (!path.starts_with("//"))
      return ArtifactStore(rest_, server + std::string(kInterface), without_slashes(path), {});
    // mlflow-artifacts://host:port/path names the server itself; its scheme is that of the tracking server.
    path.remove_prefix(2);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string base =
        fmt::format("{}://{}{}", server.substr(0, server.find(':')), path.substr(0, end), kInterface);
    return ArtifactStore(rest_, base, without_slashes(path.substr(end)), {});
  }
  if (const auto url = http::parse_url(uri); url && (url->scheme == "http" || url->scheme == "https"))
    return ArtifactStore(rest_, without_slashes(url->text()), {}, {});
  if (const auto url = http::parse_url(uri); url && url->scheme == "s3") {
    // Names of buckets are small letters, as parse_url has hosts.
    ArtifactStore store(rest_, {}, without_slashes(url->rest), {});
    store.bucket_ = bucket(url->host);
    return store;
  }
  if (uri.starts_with('/') || uri.starts_with("file:")) {
    auto folder = local_folder(rest_, uri);
    if (!folder) return tl::unexpected(folder.error());
    return ArtifactStore(rest_, {}, {}, std::move(*folder));
  }
  const std::size_t colon = uri.find(':');
  return fail(
      ErrorKind::kUnfit,
      fmt::format("{} keeps files at {}:, where joulecast cannot reach them", server, uri.substr(0, colon)),
      {}, "Start the server with --serve-artifacts and --artifacts-destination");
}

std::string ArtifactStore::below_root(const std::string& path) const {
  if (root_.empty() || path.empty()) return root_.empty() ? path : root_;
  return root_ + "/" + path;
}

std::string ArtifactStore::url_of(const std::string& path) const {
  return base_ + "/" + http::percent_encoded(below_root(path), true);
}

ApiResult<void> ArtifactStore::put(const fs::path& file, const std::string& path) {
  if (bucket_) {
    if (auto sent = bucket_->put(file, below_root(path)); !sent)
      return tl::unexpected(of_error(sent.error()));
    return {};
  }
  if (base_.empty()) {
    if (auto copied = copy_file_atomically(file, local_ / path); !copied)
      return tl::unexpected(of_error(copied.error()));
    return {};
  }
  http::Request request;
  request.method = "PUT";
  request.url = url_of(path);
  request.headers = {{"Content-Type", "application/octet-stream"}};
  request.upload = file;
  const auto done = rest_->exchange(std::move(request));
  if (!done) return tl::unexpected(done.error());
  return {};
}

ApiResult<std::vector<ArtifactEntry>> ArtifactStore::list(const std::string& folder) {
  std::vector<ArtifactEntry> entries;
  const std::string prefix = folder.empty() ? "" : folder + "/";
  if (bucket_) {
    const std::string key = below_root(folder);
    auto found = bucket_->list(key.empty() ? "" : key + "/");
    if (!found) return tl::unexpected(of_error(found.error()));
    for (http::S3Entry& entry : *found)
      entries.push_back({prefix + entry.name, entry.is_folder, entry.bytes});
    return entries;
  }
  if (base_.empty()) {
    std::error_code code;
    for (fs::directory_iterator it(local_ / folder, code), end; !code && it != end; it.increment(code))
      entries.push_back({prefix + it->path().filename().string(), it->is_directory(),
                         it->is_directory() ? 0 : it->file_size()});
    return entries;
  }
  http::Request request;
  request.url = base_ + http::query_of({{"path", below_root(folder)}});
  const auto answer = rest_->exchange(std::move(request));
  if (!answer) return tl::unexpected(answer.error());
  const Json body = Json::parse(answer->body, nullptr, false);
  if (!body.is_object())
    return tl::unexpected(of_error({ErrorKind::kServer,
                                    fmt::format("{} lists files, but not as JSON", rest_->server().uri),
                                    {},
                                    "Is it an MLflow server?"}));
  for (const Json& file : body.value("files", Json::array())) {
    const std::string name = file.value("path", "");
    // Some servers give the whole path, some the last part.
    const std::size_t slash = name.rfind('/');
    entries.push_back({prefix + (slash == std::string::npos ? name : name.substr(slash + 1)),
                       file.value("is_dir", false), file.value("file_size", std::uint64_t{0})});
  }
  return entries;
}

ApiResult<std::vector<ArtifactEntry>> ArtifactStore::files_below(const std::string& folder) {
  constexpr std::size_t kDeepest = 32;
  std::vector<ArtifactEntry> files;
  std::vector<std::pair<std::string, std::size_t>> waiting{{folder, 0}};
  while (!waiting.empty()) {
    const auto [next, depth] = waiting.back();
    waiting.pop_back();
    auto entries = list(next);
    if (!entries) return tl::unexpected(entries.error());
    for (ArtifactEntry& entry : *entries) {
      if (!is_safe(entry.path))
        return tl::unexpected(of_error(
            {ErrorKind::kServer,
             fmt::format("{} lists a file '{}' that no folder may hold", rest_->server().uri, entry.path),
             {},
             "Do not trust this server"}));
      if (!entry.is_folder) {
        files.push_back(std::move(entry));
      } else if (depth < kDeepest) {
        waiting.emplace_back(entry.path, depth + 1);
      }
    }
  }
  std::sort(files.begin(), files.end(),
            [](const ArtifactEntry& a, const ArtifactEntry& b) { return a.path < b.path; });
  return files;
}

ApiResult<void> ArtifactStore::get(const std::string& path, const fs::path& to) {
  if (bucket_) {
    if (auto got = bucket_->get(below_root(path), to); !got) return tl::unexpected(of_error(got.error()));
    return {};
  }
  if (base_.empty()) {
    if (auto copied = copy_file_atomically(local_ / path, to); !copied)
      return tl::unexpected(of_error(copied.error()));
    return {};
  }
  http::Request request;
  request.url = url_of(path);
  request.download = to;
  const auto done = rest_->exchange(std::move(request));
  if (!done) return tl::unexpected(done.error());
  return {};
}

}  // namespace joulecast::tracking
