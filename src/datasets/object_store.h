// Where contents lie by their names: DVC remotes of all kinds behind one interface.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "datasets/dvc_config.h"
#include "datasets/partial_file.h"
#include "http/client.h"
#include "joulecast/environment.h"
#include "joulecast/error.h"

namespace joulecast::datasets {

using ByteProgress = std::function<void(std::uint64_t bytes)>;

/// For any number of threads. Errors of all: kServer, kAccessDenied, kUnreadable, kNotWritable.
class ObjectStore {
 public:
  ObjectStore() = default;
  virtual ~ObjectStore() = default;
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  /// The address, without secrets.
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// Is the object there?
  virtual Expected<bool> has(const std::string& key) = 0;
  /// Its bytes, after those that `to` has. False: there is no such object.
  virtual Expected<bool> get(const std::string& key, PartialFile& to, const ByteProgress& progress) = 0;
  /// Can files of up to so many bytes be put there? Asked before the first one is. Errors: kUsage, kUnfit.
  [[nodiscard]] virtual Expected<void> check_push(std::uint64_t /*largest*/) const { return {}; }
  /// Puts a file there, whole or not at all.
  virtual Expected<void> put(const std::filesystem::path& file, const std::string& key,
                             const ByteProgress& progress) = 0;
  /// The folder that the objects lie in, if it is one of this machine.
  [[nodiscard]] virtual std::optional<std::filesystem::path> folder() const { return std::nullopt; }
};

/// "files/md5/ab/cdef...", with ".dir" for a folder; DVC 2 had no "files/md5/".
std::string object_key(const std::string& md5, bool is_folder, HashKind hash);

/// By the remote's URL: s3://, http(s)://, a folder (also file://). Secrets are those of its options, of the
/// environment, of ~/.aws/credentials. Error kUsage for other schemes, or what cannot be used of the options.
Expected<std::unique_ptr<ObjectStore>> open_store(const DvcRemote& remote, const Environment& environment,
                                                  const http::ClientOptions& options);

// By kind; `open_store` picks.
Expected<std::unique_ptr<ObjectStore>> folder_store(const DvcRemote& remote,
                                                    const std::filesystem::path& folder);
Expected<std::unique_ptr<ObjectStore>> http_store(const DvcRemote& remote, const Environment& environment,
                                                  http::ClientOptions options);
Expected<std::unique_ptr<ObjectStore>> s3_store(const DvcRemote& remote, const Environment& environment,
                                                http::ClientOptions options);

}  // namespace joulecast::datasets
