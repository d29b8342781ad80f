#include "datasets/dagshub.h"

#include <algorithm>
#include <mutex>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/parallel.h"
#include "base/utf8.h"
#include "datasets/md5.h"
#include "datasets/safe_path.h"
#include "http/url.h"

namespace joulecast::datasets {
namespace {

using Json = nlohmann::json;
constexpr int kStatusNotFound = 404;
constexpr std::size_t kDeepestFolder = 64;
constexpr std::size_t kLongestSummary = 100;  // characters; more is refused

std::string text_at(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

DagshubFault not_understood(const std::string& name, const std::string& what) {
  return {{ErrorKind::kServer,
           fmt::format("{}: {}: the answer is not what DagsHub answers", name, what),
           {},
           "Check DAGSHUB_CLIENT_HOST; is a proxy in between?"},
          0,
          {},
          false};
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; count != 0 && end < text.size(); --count) {
    const Utf8Character character = first_utf8_character(text.substr(end));
    end += character.status == Utf8Status::kFound ? character.bytes : 1;
  }
  return text.substr(0, end);
}

/// A name as browsers put it into a form: quotes and line breaks as %XX.
std::string form_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '"')
      out += "%22";
    else if (c == '\\')
      out += "\\\\";
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

}  // namespace

Expected<DagshubAddress> parse_dagshub_address(std::string_view text) {
  constexpr std::string_view kScheme = "dagshub://";
  DagshubAddress address;
  std::string_view rest = text;
  if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
  const auto next = [&] {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
  };
  address.owner = http::percent_decoded(next());
  const std::string_view name = next();
  const std::size_t at = std::min(name.find('@'), name.size());
  address.name = http::percent_decoded(name.substr(0, at));
  if (at < name.size()) address.revision = http::percent_decoded(name.substr(at + 1));
  while (rest.ends_with('/')) rest.remove_suffix(1);
  address.path = http::percent_decoded(rest);
  const bool whole = text.starts_with(kScheme) && !address.owner.empty() && !address.name.empty() &&
                     (at == name.size() || !address.revision.empty());
  if (!whole || address.path.empty() || !fault_of_path(address.path).empty())
    return fail(ErrorKind::kUsage,
                whole ? fmt::format("'{}' names no folder of the repository", without_secrets(text))
                      : fmt::format("'{}' is no address at DagsHub", without_secrets(text)),
                {},
                "Give dagshub://OWNER/NAME/PATH or dagshub://OWNER/NAME@BRANCH/PATH; the token is "
                "DAGSHUB_USER_TOKEN");
  return address;
}

std::string to_string(const DagshubAddress& address) {
  return fmt::format("dagshub://{}/{}{}{}/{}", address.owner, address.name,
                     address.revision.empty() ? "" : "@", http::percent_encoded(address.revision),
                     address.path);
}

DagshubRepository::DagshubRepository(DagshubAccount account, DagshubAddress address,
                                     http::ClientOptions options, std::size_t jobs)
    : account_(std::move(account)), address_(std::move(address)), jobs_(jobs), clients_(std::move(options)) {}

std::string DagshubRepository::name() const {
  return fmt::format("{}/{}/{}", account_.host, address_.owner, address_.name);
}

std::string DagshubRepository::api(std::string_view what) const {
  return fmt::format("{}/api/v1/repos/{}/{}{}", account_.host, http::percent_encoded(address_.owner),
                     http::percent_encoded(address_.name), what);
}

DagshubResult<http::Response> DagshubRepository::send(http::Request request, const std::string& what) {
  request.credentials.token = account_.token;
  auto answer = clients_.send(request);
  if (!answer) return tl::unexpected(DagshubFault{answer.error().error, 0, {}, answer.error().carried_out});
  if (!answer->ok()) return tl::unexpected(fault_of(*answer, what));
  return std::move(*answer);
}

DagshubFault DagshubRepository::fault_of(const http::Response& response, const std::string& what) const {
  const Json body = Json::parse(response.body, nullptr, false);
  DagshubFault fault;
  fault.status = response.status;
  fault.code = text_at(body, "error");
  fault.uncertain = response.status >= 500 && response.status != 503;
  std::string says = fault.code;
  for (const char* key : {"details", "message"})
    if (const std::string text = text_at(body, key); !text.empty())
      says += (says.empty() ? "" : ": ") + text.substr(0, 160);
  // A body may show what it was sent.
  if (!account_.token.empty())
    for (std::size_t at = says.find(account_.token); at != std::string::npos; at = says.find(account_.token))
      says.replace(at, account_.token.size(), "***");
  const std::string tail = says.empty() ? std::string() : ": " + says;
  if (response.status == 401 || response.status == 403) {
    const bool known = !account_.token.empty();
    fault.error = {ErrorKind::kAccessDenied,
                   fmt::format("{} {} (status {}{})", name(), known ? "refuses the token" : "wants a token",
                               response.status, tail),
                   {},
                   known ? "Check DAGSHUB_USER_TOKEN, and what it permits"
                         : fmt::format("Set DAGSHUB_USER_TOKEN; tokens are made at {}/user/settings/tokens",
                                       account_.host)};
    return fault;
  }
  std::string hint = "Try again later";
  if (response.status == kStatusNotFound)
    hint = "Check owner, name, branch and path; private repositories need DAGSHUB_USER_TOKEN";
  if (response.status == 429) hint = "DagsHub is asked too often: try again later, or with fewer --jobs";
  if (response.status == 413) hint = "Push such large files through the repository's S3 remote";
  if (response.status == 400 || response.status == 422)
    hint = "The repository has another content there: look at it in the browser";
  fault.error = {
      ErrorKind::kServer, fmt::format("{}: {}: status {}{}", name(), what, response.status, tail), {}, hint};
  return fault;
}

namespace {

/// Git takes seven hexadecimal digits or more for the name of a commit.
bool may_be_commit(const std::string& revision) {
  constexpr std::size_t kFewest = 7;
  return revision.size() >= kFewest &&
         revision.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

}  // namespace

DagshubResult<DagshubTip> DagshubRepository::tip() {
  const auto json_of = [&](const std::string& what, const std::string& word) -> DagshubResult<Json> {
    http::Request request;
    request.url = api(what);
    const auto answer = send(std::move(request), word);
    if (!answer) return tl::unexpected(answer.error());
    Json body = Json::parse(answer->body, nullptr, false);
    if (!body.is_object()) return tl::unexpected(not_understood(name(), word));
    return body;
  };
  const auto commit_of = [](const Json& body) {
    return body.contains("commit") ? text_at(body["commit"], "id") : std::string();
  };
  DagshubTip tip;
  tip.branch = address_.revision;
  if (!tip.branch.empty()) {
    const auto body = json_of("/branches/" + http::percent_encoded(tip.branch, true), "branch " + tip.branch);
    if (body) {
      tip.commit = commit_of(*body);
      if (tip.commit.empty()) return tl::unexpected(not_understood(name(), "branch"));
      return tip;
    }
    if (body.error().status != kStatusNotFound) return tl::unexpected(body.error());
    if (may_be_commit(tip.branch)) {
      const auto commit =
          json_of("/commits/" + http::percent_encoded(tip.branch, true), "commit " + tip.branch);
      // What cannot be told must not become the default branch's tip.
      constexpr int kUnprocessable = 422;  // a server's other word for a commit that it does not have
      const int status = commit ? 0 : commit.error().status;
      if (!commit && status != kStatusNotFound && status != kUnprocessable)
        return tl::unexpected(commit.error());
      if (commit) {
        tip.commit = commit_of(*commit);
        if (tip.commit.empty()) return tl::unexpected(not_understood(name(), "commit"));
        tip.branch.clear();
        return tip;
      }
    }
  }
  const auto repository = json_of("", "repository");
  if (!repository) return tl::unexpected(repository.error());
  const std::string usual = text_at(*repository, "default_branch");
  const auto body =
      json_of("/branches/" + http::percent_encoded(usual.empty() ? "main" : usual, true), "default branch");
  if (!body) return tl::unexpected(body.error());
  tip.commit = commit_of(*body);
  if (tip.commit.empty()) return tl::unexpected(not_understood(name(), "default branch"));
  tip.branch_is_new = !tip.branch.empty();
  tip.default_branch = usual.empty() ? "main" : usual;
  if (!tip.branch_is_new) tip.branch = tip.default_branch;
  return tip;
}

/// What is found of a listing, from several threads.
struct DagshubRepository::Folder {
  std::mutex mutex;
  Tree files;
  std::vector<std::string> folders;
  std::vector<std::string> notes;
};

DagshubResult<void> DagshubRepository::take_entries(const std::string& text, const std::string& root,
                                                    Folder& into) {
  const Json body = Json::parse(text, nullptr, false);
  if (!body.is_array() && !body.is_object())
    return tl::unexpected(not_understood(name(), "listing of " + root));
  const auto take = [&](const Json& entry) {
    const std::string path = text_at(entry, "path");
    const std::string type = text_at(entry, "type");
    const std::string versioning = text_at(entry, "versioning");
    const bool alone = body.is_object();
    if (type == "storage" || versioning == "bucket") {
      into.notes.push_back(fmt::format("'{}' is in a bucket, without versions, and passed over", path));
      return;
    }
    // Paths are from the repository's root. One that is elsewhere stays as it is, and is refused as unsafe.
    const bool below = path.starts_with(root + "/");
    TreeFile file;
    file.path = alone && path == root ? std::string() : below ? path.substr(root.size() + 1) : "/" + path;
    if (type == "dir") {
      into.folders.push_back(file.path);
      return;
    }
    const std::string hash = text_at(entry, "hash");
    if (versioning == "dvc" && is_md5(hash))
      file.md5 = hash;
    else
      file.tag = hash;
    if (entry.contains("size") && entry["size"].is_number_unsigned() && entry["size"] != 0)
      file.bytes = entry["size"].get<std::uint64_t>();
    into.files.push_back(std::move(file));
  };
  const std::scoped_lock lock(into.mutex);
  if (body.is_object())
    take(body);
  else
    for (const Json& entry : body) take(entry);
  return {};
}

DagshubResult<std::optional<Tree>> DagshubRepository::list(const std::string& commit, const std::string& path,
                                                           std::vector<std::string>& notes) {
  Folder all;
  std::vector<std::string> level = {""};
  for (std::size_t depth = 0; !level.empty(); ++depth) {
    if (depth > kDeepestFolder) return tl::unexpected(not_understood(name(), "folders without end"));
    const auto listed = parallel_until_fault(level.size(), jobs_, [&](std::size_t i) -> DagshubResult<void> {
      const std::string folder = level[i].empty() ? path : path + "/" + level[i];
      http::Request request;
      request.url = fmt::format("{}/{}/{}?include_size=true", api("/content"), http::percent_encoded(commit),
                                http::percent_encoded(folder, true));
      const auto answer = send(std::move(request), "listing of " + folder);
      if (!answer) return tl::unexpected(answer.error());
      return take_entries(answer->body, path, all);
    });
    if (!listed && listed.error().status == kStatusNotFound && depth == 0) return std::nullopt;
    if (!listed) return tl::unexpected(listed.error());
    level = std::exchange(all.folders, {});
    for (const std::string& folder : level)
      if (const std::string why = fault_of_path(folder); !why.empty())
        return tl::unexpected(DagshubFault{{ErrorKind::kMalformed,
                                            fmt::format("a folder named '{}' is refused: {}", folder, why),
                                            {name()},
                                            "Do not trust this remote; nothing was written"}});
  }
  notes.insert(notes.end(), all.notes.begin(), all.notes.end());
  const bool is_file = all.files.size() == 1 && all.files.front().path.empty();
  if (!is_file)
    if (auto safe = sort_and_check(all.files, name()); !safe)
      return tl::unexpected(DagshubFault{safe.error()});
  return std::move(all.files);
}

DagshubResult<void> DagshubRepository::fetch(const std::string& commit, const std::string& path,
                                             PartialFile& to, const ByteProgress& progress) {
  http::Request request;
  request.url =
      fmt::format("{}/{}/{}", api("/raw"), http::percent_encoded(commit), http::percent_encoded(path, true));
  request.sink = &to;
  request.progress = progress;
  auto answer = send(request, path);
  constexpr int kRangeNotSatisfiable = 416;
  if (!answer && answer.error().status == kRangeNotSatisfiable && to.kept() != 0) {
    if (auto emptied = to.start_again(); !emptied) return tl::unexpected(DagshubFault{emptied.error()});
    answer = send(std::move(request), path);
  }
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

DagshubResult<std::string> DagshubRepository::upload(const DagshubUpload& upload,
                                                     const ByteProgress& progress) {
  std::random_device random;
  const std::string boundary = fmt::format("joulecast-{:08x}{:08x}{:08x}", random(), random(), random());
  http::Request request;
  const auto field = [&](std::string_view name, std::string_view value) {
    request.pieces.push_back({fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n",
                                          boundary, name, value),
                              {}});
  };
  field("commit_choice", upload.new_branch.empty() ? "direct" : "commit-to-new-branch");
  field("commit_summary", first_characters(upload.summary, kLongestSummary));
  field("versioning", upload.versioning);
  field("last_commit", upload.last_commit);
  field("is_dvc_dir", upload.is_dvc_folder ? "true" : "false");
  if (!upload.new_branch.empty()) field("new_branch_name", upload.new_branch);
  for (const auto& [file_name, path] : upload.files) {
    request.pieces.push_back(
        {fmt::format("--{}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{}\"\r\n"
                     "Content-Type: application/octet-stream\r\n\r\n",
                     boundary, form_name(file_name)),
         path});
    request.pieces.push_back({"\r\n", {}});
  }
  request.pieces.push_back({fmt::format("--{}--\r\n", boundary), {}});
  request.method = "PUT";
  request.url = fmt::format("{}/{}/{}", api("/content"), http::percent_encoded(upload.branch, true),
                            http::percent_encoded(upload.folder));
  request.headers = {{"Content-Type", "multipart/form-data; boundary=" + boundary}};
  request.repeatable = false;
  request.progress = progress;
  const auto answer = send(std::move(request), "upload");
  if (!answer) return tl::unexpected(answer.error());
  const std::string* etag = answer->header("etag");
  std::string tip = etag == nullptr ? std::string() : *etag;
  std::erase(tip, '"');
  // A proxy may have put a tag of its own there.
  if (tip.find_first_not_of("0123456789abcdef") != std::string::npos) tip.clear();
  return tip;
}

}  // namespace joulecast::datasets
