// Objects in a bucket of Amazon's S3, or of a storage that speaks like it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "joulecast/error.h"

namespace joulecast::http {

/// Where buckets are and who asks.
struct S3Account {
  std::string endpoint;  ///< URL without a last slash; empty: Amazon's of the region
  SigningKeys keys;      ///< empty: requests are not signed, as public buckets take them
  bool verify_tls = true;
  std::string ca_bundle;
};
/// By AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or AWS_DEFAULT_REGION (else
/// us-east-1), MLFLOW_S3_ENDPOINT_URL or AWS_ENDPOINT_URL, MLFLOW_S3_IGNORE_TLS and AWS_CA_BUNDLE.
S3Account s3_account(const std::function<std::optional<std::string>(const char* name)>& environment);

struct S3Entry {
  std::string name;  ///< below the prefix; of a folder without its slash
  bool is_folder = false;
  std::uint64_t bytes = 0;
};

/// One bucket, addressed by path (endpoint/bucket/key), as every such storage takes it. A bucket of another
/// region says so in its answer, and is asked there from then on. Errors: those of Client::send; kServer
/// (no such bucket or key, a fault), kAccessDenied.
class S3Bucket {
 public:
  /// Time-outs and repetitions are those of `options`, TLS is the account's.
  S3Bucket(S3Account account, std::string bucket, ClientOptions options);

  /// What lies in a "folder": keys that begin with `prefix`, which is empty or ends in '/', as far as the
  /// next '/'.
  Expected<std::vector<S3Entry>> list(const std::string& prefix);
  Expected<void> get(const std::string& key, const std::filesystem::path& to);
  Expected<void> put(const std::filesystem::path& file, const std::string& key);

 private:
  Expected<Response> send(Request request, const std::string& path_and_query);
  [[nodiscard]] Error fault_of(const Response& response, const std::string& path) const;

  S3Account account_;
  std::string bucket_;
  Client client_;
};

/// Content of the first element of this name in a flat XML text, entities replaced; empty if there is none.
std::string xml_element(std::string_view xml, std::string_view name);

}  // namespace joulecast::http
