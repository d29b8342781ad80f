// DVC remotes in buckets.
#include <fmt/format.h>

#include "datasets/credentials.h"
#include "datasets/object_store.h"
#include "http/s3.h"
#include "http/url.h"

namespace joulecast::datasets {
namespace {

class S3Store final : public ObjectStore {
 public:
  S3Store(http::S3Account account, const std::string& bucket, std::string prefix, http::ClientOptions options)
      : name_(fmt::format("s3://{}{}{}", bucket, prefix.empty() ? "" : "/", prefix)),
        prefix_(prefix.empty() ? "" : prefix + "/"),
        bucket_(std::move(account), bucket, std::move(options)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  Expected<bool> has(const std::string& key) override {
    const auto bytes = bucket_.size_of(prefix_ + key);
    if (!bytes) return tl::unexpected(bytes.error());
    return bytes->has_value();
  }
  Expected<bool> get(const std::string& key, PartialFile& to, const ByteProgress& progress) override {
    for (bool again = false;; again = true) {
      int status = 0;
      const auto got = bucket_.get(prefix_ + key, to, progress, &status);
      if (got) return true;
      if (status == 404) return false;
      if (status != 416 || again || to.kept() == 0) return tl::unexpected(got.error());
      if (auto emptied = to.start_again(); !emptied) return tl::unexpected(emptied.error());
    }
  }
  Expected<void> put(const std::filesystem::path& file, const std::string& key,
                     const ByteProgress& progress) override {
    return bucket_.put(file, prefix_ + key, progress);
  }

 private:
  std::string name_, prefix_;
  http::S3Bucket bucket_;
};

}  // namespace

Expected<std::unique_ptr<ObjectStore>> s3_store(const DvcRemote& remote, const Environment& environment,
                                                const http::ClientOptions& options) {
  const auto url = http::parse_url(remote.option("url"));
  std::string prefix = url->rest;
  while (prefix.starts_with('/')) prefix.erase(0, 1);
  while (prefix.ends_with('/')) prefix.pop_back();
  // MLflow's own variables are of its artifacts, and say nothing of datasets.
  http::S3Account account = http::s3_account([&](const char* name) {
    return std::string_view(name).starts_with("MLFLOW_") ? std::nullopt : environment(name);
  });
  account.endpoint_setting = "AWS_ENDPOINT_URL";
  account.ca_bundle = account.ca_bundle.empty() ? options.ca_bundle : account.ca_bundle;
  if (account.keys.empty()) take_aws_profile(remote.option("profile"), environment, account.keys);
  if (!remote.option("access_key_id").empty()) {
    account.keys.access_key = remote.option("access_key_id");
    account.keys.secret_key = remote.option("secret_access_key");
    account.keys.session_token = remote.option("session_token");
  }
  if (!remote.option("region").empty()) account.keys.region = remote.option("region");
  if (!remote.option("endpointurl").empty()) {
    account.endpoint = remote.option("endpointurl");
    while (account.endpoint.ends_with('/')) account.endpoint.pop_back();
  }
  if (remote.option("allow_anonymous_login") == "true") account.keys.access_key.clear();
  if (remote.option("ssl_verify") == "false") account.verify_tls = false;
  return std::make_unique<S3Store>(std::move(account), url->host, std::move(prefix), options);
}

}  // namespace joulecast::datasets
