#include "http/s3.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>

#include <fmt/format.h>

#include "http/url.h"

namespace joulecast::http {
namespace {

ClientOptions with_tls_of(const S3Account& account, ClientOptions options) {
  options.verify_tls = account.verify_tls;
  options.ca_bundle = account.ca_bundle;
  options.client_certificate.clear();
  return options;
}

/// Calls take(content) for each element of a name.
template <class Take>
void for_each_element(std::string_view xml, std::string_view name, Take&& take) {
  const std::string opening = fmt::format("<{}>", name);
  const std::string closing = fmt::format("</{}>", name);
  for (;;) {
    const std::size_t begin = xml.find(opening);
    if (begin == std::string_view::npos) return;
    xml.remove_prefix(begin + opening.size());
    const std::size_t end = xml.find(closing);
    if (end == std::string_view::npos) return;
    take(xml.substr(0, end));
    xml.remove_prefix(end + closing.size());
  }
}

std::string without_entities(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kEntities = {
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};
  std::string out;
  while (!text.empty()) {
    const auto found = std::find_if(kEntities.begin(), kEntities.end(),
                                    [&](const auto& entity) { return text.starts_with(entity.first); });
    out += found == kEntities.end() ? text.front() : found->second;
    text.remove_prefix(found == kEntities.end() ? 1 : found->first.size());
  }
  return out;
}

}  // namespace

std::string xml_element(std::string_view xml, std::string_view name) {
  std::optional<std::string> first;
  for_each_element(xml, name, [&](std::string_view content) {
    if (!first) first = without_entities(content);
  });
  return first.value_or("");
}

S3Account s3_account(const std::function<std::optional<std::string>(const char* name)>& environment) {
  const auto first_of = [&](std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (const auto value = environment(name); value && !value->empty()) return *value;
    return std::string();
  };
  S3Account account;
  account.endpoint = first_of({"MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  while (account.endpoint.ends_with('/')) account.endpoint.pop_back();
  account.keys.access_key = first_of({"AWS_ACCESS_KEY_ID"});
  account.keys.secret_key = first_of({"AWS_SECRET_ACCESS_KEY"});
  account.keys.session_token = first_of({"AWS_SESSION_TOKEN"});
  account.keys.region = first_of({"AWS_REGION", "AWS_DEFAULT_REGION"});
  if (account.keys.region.empty()) account.keys.region = "us-east-1";
  const std::string ignore = first_of({"MLFLOW_S3_IGNORE_TLS"});
  account.verify_tls = ignore != "true" && ignore != "True" && ignore != "1";
  account.ca_bundle = first_of({"AWS_CA_BUNDLE"});
  return account;
}

/// Where the bucket turned out to be.
struct S3Bucket::Region {
  std::mutex mutex;
  std::string name;

  std::string get() {
    const std::scoped_lock lock(mutex);
    return name;
  }
  void set(const std::string& region) {
    const std::scoped_lock lock(mutex);
    name = region;
  }
};

S3Bucket::S3Bucket(S3Account account, std::string bucket, ClientOptions options)
    : account_(std::move(account)),
      bucket_(std::move(bucket)),
      region_(std::make_unique<Region>()),
      clients_(with_tls_of(account_, std::move(options))) {
  region_->name = account_.keys.region;
}
S3Bucket::S3Bucket(S3Bucket&&) noexcept = default;
S3Bucket& S3Bucket::operator=(S3Bucket&&) noexcept = default;
S3Bucket::~S3Bucket() = default;

Expected<Response> S3Bucket::send(Request request, const std::string& path_and_query, int* status) {
  for (bool moved = false;; moved = true) {
    request.signing = account_.keys;
    request.signing.region = region_->get();
    const std::string endpoint = account_.endpoint.empty()
                                     ? fmt::format("https://s3.{}.amazonaws.com", request.signing.region)
                                     : account_.endpoint;
    request.url = fmt::format("{}/{}{}", endpoint, percent_encoded(bucket_), path_and_query);
    auto answer = clients_.send(request);
    if (!answer) return tl::unexpected(std::move(answer.error().error));
    if (status != nullptr) *status = answer->status;
    if (answer->ok()) return std::move(*answer);
    const std::string* region = answer->header("x-amz-bucket-region");
    if (moved || region == nullptr || *region == request.signing.region)
      return tl::unexpected(fault_of(*answer, path_and_query.substr(0, path_and_query.find('?'))));
    region_->set(*region);
  }
}

Error S3Bucket::fault_of(const Response& response, const std::string& path) const {
  const std::string what = fmt::format("s3://{}{}", bucket_, percent_decoded(path));
  const std::string code = xml_element(response.body, "Code");
  const bool bad_token = code == "InvalidToken" || code == "ExpiredToken";  // status 400
  if (response.status == 401 || response.status == 403 || bad_token)
    return {ErrorKind::kAccessDenied,
            fmt::format("{}: not permitted{}{}", what, code.empty() ? "" : ": ", code),
            {},
            account_.keys.empty()
                ? "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                : "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and what "
                  "they permit"};
  return {ErrorKind::kServer,
          fmt::format("{}: status {}{}{}", what, response.status, code.empty() ? "" : ": ", code),
          {},
          fmt::format("Check the bucket's name, AWS_REGION and {}", account_.endpoint_setting)};
}

Expected<std::vector<S3Entry>> S3Bucket::list(const std::string& prefix) {
  std::vector<S3Entry> entries;
  std::string next;
  do {
    // Sorted by name, as signatures want it.
    std::vector<std::pair<std::string, std::string>> query;
    if (!next.empty()) query.emplace_back("continuation-token", next);
    query.emplace_back("delimiter", "/");
    query.emplace_back("encoding-type", "url");
    query.emplace_back("list-type", "2");
    query.emplace_back("prefix", prefix);
    const auto answer = send({}, query_of(query));
    if (!answer) return tl::unexpected(answer.error());
    const auto below_prefix = [&](std::string_view xml, const char* name) {
      std::string text = xml_element(xml, name);
      std::replace(text.begin(), text.end(), '+', ' ');  // a plus itself is %2B
      const std::string key = percent_decoded(text);
      return key.starts_with(prefix) ? key.substr(prefix.size()) : std::string();
    };
    for_each_element(answer->body, "Contents", [&](std::string_view xml) {
      S3Entry entry{below_prefix(xml, "Key"), false, 0};
      const std::string size = xml_element(xml, "Size");
      std::from_chars(size.data(), size.data() + size.size(), entry.bytes);
      if (!entry.name.empty()) entries.push_back(std::move(entry));  // a folder's own mark has no name
    });
    for_each_element(answer->body, "CommonPrefixes", [&](std::string_view xml) {
      std::string name = below_prefix(xml, "Prefix");
      if (name.ends_with('/')) name.pop_back();
      if (!name.empty()) entries.push_back({std::move(name), true, 0});
    });
    next = xml_element(answer->body, "IsTruncated") == "true"
               ? xml_element(answer->body, "NextContinuationToken")
               : std::string();
  } while (!next.empty());
  return entries;
}

Expected<void> S3Bucket::get(const std::string& key, const std::filesystem::path& to) {
  Request request;
  request.download = to;
  const auto answer = send(std::move(request), "/" + percent_encoded(key, true));
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Expected<void> S3Bucket::get(const std::string& key, BodySink& sink, const Progress& progress, int* status) {
  Request request;
  request.sink = &sink;
  request.progress = progress;
  const auto answer = send(std::move(request), "/" + percent_encoded(key, true), status);
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

Expected<std::optional<std::uint64_t>> S3Bucket::size_of(const std::string& key) {
  Request request;
  request.method = "HEAD";
  int status = 0;
  const auto answer = send(std::move(request), "/" + percent_encoded(key, true), &status);
  constexpr int kNotFound = 404;
  if (!answer && status == kNotFound) return std::nullopt;
  if (!answer) return tl::unexpected(answer.error());
  return content_length(*answer).value_or(0);
}

Expected<void> S3Bucket::put(const std::filesystem::path& file, const std::string& key,
                             const Progress& progress) {
  std::error_code code;
  if (const std::uint64_t bytes = std::filesystem::file_size(file, code); !code && bytes > kLargestS3Put)
    return fail(ErrorKind::kUnfit,
                fmt::format("S3 takes files of 5 GiB at most at once, and this one has {} bytes", bytes),
                {file.string()}, "Send it by a program that sends files in parts, or split it");
  Request request;
  request.progress = progress;
  request.method = "PUT";
  request.upload = file;
  const auto answer = send(std::move(request), "/" + percent_encoded(key, true));
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

}  // namespace joulecast::http
