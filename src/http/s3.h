// Objects in a bucket of Amazon's S3, or of a storage that speaks like it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/client_pool.h"
#include "joulecast/error.h"

namespace joulecast::http {

/// Where buckets are and who asks.
struct S3Account {
  std::string endpoint;  ///< URL without a last slash; empty: Amazon's of the region
  SigningKeys keys;      ///< empty: requests are not signed, as public buckets take them
  bool verify_tls = true;
  std::string ca_bundle;
  std::string endpoint_setting = "MLFLOW_S3_ENDPOINT_URL";  ///< what messages name for `endpoint`
};
/// By AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or AWS_DEFAULT_REGION (else
/// us-east-1), MLFLOW_S3_ENDPOINT_URL or AWS_ENDPOINT_URL, MLFLOW_S3_IGNORE_TLS and AWS_CA_BUNDLE.
S3Account s3_account(const std::function<std::optional<std::string>(const char* name)>& environment);

struct S3Entry {
  std::string name;  ///< below the prefix; of a folder without its slash
  bool is_folder = false;
  std::uint64_t bytes = 0;
};

/// Bytes of the largest object that one request can put: 5 GiB.
inline constexpr std::uint64_t kLargestS3Put = 5ULL << 30U;

/// One bucket, addressed by path (endpoint/bucket/key), as every such storage takes it. A bucket of another
/// region says so in its answer, and is asked there from then on. For any number of threads. Errors: those of
/// Client::send; kServer (no such bucket or key, a fault), kAccessDenied.
class S3Bucket {
 public:
  /// Time-outs and repetitions are those of `options`, TLS is the account's.
  S3Bucket(S3Account account, std::string bucket, ClientOptions options);
  S3Bucket(S3Bucket&&) noexcept;
  S3Bucket& operator=(S3Bucket&&) noexcept;
  ~S3Bucket();
  using Progress = std::function<void(std::uint64_t bytes)>;

  /// What lies in a "folder": keys that begin with `prefix`, which is empty or ends in '/', as far as the
  /// next '/'.
  Expected<std::vector<S3Entry>> list(const std::string& prefix);
  Expected<void> get(const std::string& key, const std::filesystem::path& to);
  /// The same into a sink. `status`, if given, is set to the answer's.
  Expected<void> get(const std::string& key, BodySink& sink, const Progress& progress, int* status = nullptr);
  /// Bytes of an object; nothing if there is none.
  Expected<std::optional<std::uint64_t>> size_of(const std::string& key);
  /// Error kUnfit, before anything is sent, for a file of more than kLargestS3Put.
  Expected<void> put(const std::filesystem::path& file, const std::string& key,
                     const Progress& progress = {});

 private:
  Expected<Response> send(Request request, const std::string& path_and_query, int* status = nullptr);
  [[nodiscard]] Error fault_of(const Response& response, const std::string& path) const;
  struct Region;

  S3Account account_;
  std::string bucket_;
  std::unique_ptr<Region> region_;
  ClientPool clients_;
};

/// Content of the first element of this name in a flat XML text, entities replaced; empty if there is none.
std::string xml_element(std::string_view xml, std::string_view name);

}  // namespace joulecast::http
