// Files of runs and models, wherever a server keeps them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/s3.h"
#include "tracking/rest.h"

namespace joulecast::tracking {

struct ArtifactEntry {
  std::string path;  ///< below the store's root
  bool is_folder = false;
  std::uint64_t bytes = 0;
};

/// The files below one artifact URI. For any number of threads; not longer than its Rest.
class ArtifactStore {
 public:
  /// Puts a file at a path below the root; an earlier one is replaced.
  ApiResult<void> put(const std::filesystem::path& file, const std::string& path);
  /// What lies in a folder below the root; empty if it is none.
  ApiResult<std::vector<ArtifactEntry>> list(const std::string& folder);
  /// All files below a folder, by path.
  ApiResult<std::vector<ArtifactEntry>> files_below(const std::string& folder);
  ApiResult<void> get(const std::string& path, const std::filesystem::path& to);

 private:
  friend class ArtifactStores;
  ArtifactStore(Rest& rest, std::string base, std::string root, std::filesystem::path local)
      : rest_(&rest), base_(std::move(base)), root_(std::move(root)), local_(std::move(local)) {}
  [[nodiscard]] std::string url_of(const std::string& path) const;
  [[nodiscard]] std::string below_root(const std::string& path) const;

  Rest* rest_;
  std::shared_ptr<http::S3Bucket> bucket_;
  std::string base_;             ///< URL of the interface's root; empty: a bucket or a folder
  std::string root_;             ///< path of the store below it
  std::filesystem::path local_;  ///< the folder
};

/// The stores of a server. Those in one bucket share its connections. For any number of threads.
class ArtifactStores {
 public:
  /// `environment` has the keys of buckets (http/s3.h).
  explicit ArtifactStores(Rest& rest, Environment environment = process_environment())
      : rest_(rest), environment_(std::move(environment)) {}

  /// mlflow-artifacts: (through the tracking server), http(s):, s3: (asked itself) and file: or a path (a
  /// folder of this machine). Error kUnfit for others, which are named.
  Expected<ArtifactStore> at(std::string_view uri);

 private:
  std::shared_ptr<http::S3Bucket> bucket(const std::string& name);

  Rest& rest_;
  Environment environment_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<http::S3Bucket>> buckets_;
};

}  // namespace joulecast::tracking
