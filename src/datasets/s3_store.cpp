// DVC remotes in buckets.
#include <array>

#include <fmt/format.h>

#include "datasets/credentials.h"
#include "datasets/object_store.h"
#include "datasets/remote_options.h"
#include "http/s3.h"
#include "http/url.h"

namespace joulecast::datasets {
namespace {

class S3Store final : public ObjectStore {
 public:
  S3Store(http::S3Account account, const std::string& bucket, std::string prefix, http::ClientOptions options,
          std::optional<Error> no_push)
      : name_(fmt::format("s3://{}{}{}", bucket, prefix.empty() ? "" : "/", prefix)),
        prefix_(prefix.empty() ? "" : prefix + "/"),
        bucket_(std::move(account), bucket, std::move(options)),
        no_push_(std::move(no_push)) {}

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
  Expected<void> check_push(std::uint64_t largest) const override {
    if (no_push_) return tl::unexpected(*no_push_);
    if (largest <= http::kLargestS3Put) return {};
    return fail(ErrorKind::kUnfit,
                fmt::format("{}: S3 takes files of 5 GiB at most at once, and one has {:.1f} GiB", name_,
                            static_cast<double>(largest) / static_cast<double>(1U << 30U)),
                {}, "Push it with DVC, which sends such files in parts, or split it");
  }
  Expected<void> put(const std::filesystem::path& file, const std::string& key,
                     const ByteProgress& progress) override {
    return bucket_.put(file, prefix_ + key, progress);
  }

 private:
  std::string name_, prefix_;
  http::S3Bucket bucket_;
  std::optional<Error> no_push_;  ///< why nothing can be sent there
};

/// What says how objects are stored, which only those who send any have to heed.
constexpr std::array<std::string_view, 8> kStorageOptions = {"sse",
                                                             "sse_kms_key_id",
                                                             "acl",
                                                             "grant_read",
                                                             "grant_read_acp",
                                                             "grant_write_acp",
                                                             "grant_full_control",
                                                             "sse_customer_algorithm"};

/// Keys and region. As AWS's own library: a profile that is named goes before the environment's keys, which
/// go before the usual profile; files that the remote names are of less weight than those of the environment.
Expected<void> take_keys(const DvcRemote& remote, const Environment& environment, http::SigningKeys& keys) {
  const Environment with_files = [&](const char* name) {
    auto value = environment(name);
    const std::string_view wanted = name;
    if (!value && wanted == "AWS_SHARED_CREDENTIALS_FILE") value = remote.option("credentialpath");
    if (!value && wanted == "AWS_CONFIG_FILE") value = remote.option("configpath");
    return value;
  };
  const std::string profile = remote.option("profile");
  if (!remote.option("access_key_id").empty()) {
    keys.access_key = remote.option("access_key_id");
    keys.secret_key = remote.option("secret_access_key");
    keys.session_token = remote.option("session_token");
    if (keys.secret_key.empty())
      return tl::unexpected(
          unsupported_option(remote, "access_key_id", "Set secret_access_key too, in .dvc/config.local"));
  } else if (!profile.empty()) {
    keys.access_key = keys.secret_key = keys.session_token = {};
  }
  const bool wanted = keys.empty();
  take_aws_profile(profile, with_files, keys);  // whoever gave the keys, the region may be in its files
  if (wanted && !profile.empty() && keys.empty())
    return tl::unexpected(unsupported_option(
        remote, "profile",
        "There must be a profile of that name with aws_access_key_id and aws_secret_access_key in "
        "~/.aws/credentials, or in the file of credentialpath; roles and sign-ons are not supported"));
  if (!remote.option("region").empty()) keys.region = remote.option("region");
  return {};
}

Expected<void> take_endpoint(const DvcRemote& remote, http::S3Account& account) {
  const auto secure = flag_option(remote, "use_ssl", true);
  if (!secure) return tl::unexpected(secure.error());
  const std::string given = remote.option("endpointurl");
  if (!given.empty()) {
    const auto url = http::parse_url(given);
    if (!url || (url->scheme != "http" && url->scheme != "https"))
      return tl::unexpected(
          unsupported_option(remote, "endpointurl", "Give a whole address, such as https://s3.example.org"));
    account.endpoint = given;
    while (account.endpoint.ends_with('/')) account.endpoint.pop_back();
  }
  // The scheme of an endpoint counts, as for AWS's own library.
  if (!*secure && account.endpoint.empty())
    return tl::unexpected(unsupported_option(
        remote, "use_ssl",
        "Amazon is asked over TLS alone; of another storage set endpointurl = http://..."));
  return {};
}

}  // namespace

Expected<std::unique_ptr<ObjectStore>> s3_store(const DvcRemote& remote, const Environment& environment,
                                                http::ClientOptions options) {
  if (auto known = check_options(
          remote,
          {"region", "profile", "credentialpath", "configpath", "endpointurl", "access_key_id",
           "secret_access_key", "session_token", "use_ssl", "ssl_verify", "allow_anonymous_login",
           "read_timeout", "connect_timeout", "listobjects", "cache_regions"},
          kStorageOptions);
      !known)
    return tl::unexpected(known.error());
  const auto url = http::parse_url(remote.option("url"));
  std::string prefix = url->rest;
  while (prefix.starts_with('/')) prefix.erase(0, 1);
  while (prefix.ends_with('/')) prefix.pop_back();
  // MLflow's own variables are of its artifacts, and say nothing of datasets.
  http::S3Account account = http::s3_account([&](const char* name) {
    return std::string_view(name).starts_with("MLFLOW_") ? std::nullopt : environment(name);
  });
  account.endpoint_setting = "AWS_ENDPOINT_URL";
  if (!account.ca_bundle.empty()) options.ca_bundle = account.ca_bundle;
  if (auto taken = take_transport(remote, options); !taken) return tl::unexpected(taken.error());
  account.ca_bundle = options.ca_bundle;
  account.verify_tls = options.verify_tls;
  if (auto taken = take_keys(remote, environment, account.keys); !taken) return tl::unexpected(taken.error());
  if (auto taken = take_endpoint(remote, account); !taken) return tl::unexpected(taken.error());
  const auto anonymous = flag_option(remote, "allow_anonymous_login", false);
  if (!anonymous) return tl::unexpected(anonymous.error());
  if (*anonymous) account.keys.access_key.clear();
  std::optional<Error> no_push;
  for (const std::string_view option : kStorageOptions)
    if (!remote.option(std::string(option)).empty())
      no_push = unsupported_option(remote, option, "Push with DVC, or remove the option");
  return std::make_unique<S3Store>(std::move(account), url->host, std::move(prefix), options,
                                   std::move(no_push));
}

}  // namespace joulecast::datasets
