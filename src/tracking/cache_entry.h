// A version of a registered model in the cache:
//   CACHE/<server>/<name>/versions/<version>/files/...      the model
//   CACHE/<server>/<name>/versions/<version>/manifest.json  its files' SHA-256
//   CACHE/<server>/<name>/known/<alias>                     the version that the server last named
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tracking/registry.h"

namespace joulecast::tracking {

inline constexpr const char* kCachedFiles = "files";  ///< folder of an entry with the model

/// Where the cache keeps a model.
struct CachePlace {
  std::filesystem::path folder;
  ModelUri uri;

  CachePlace(const std::filesystem::path& cache, const TrackingServer& server, ModelUri wanted);
  /// Of one version, whether it is there or not.
  [[nodiscard]] std::filesystem::path version(std::string_view number) const;
  /// Of the note which version an alias or `latest` last was.
  [[nodiscard]] std::filesystem::path known() const;
};

/// A version in the cache.
struct CacheState {
  bool there = false;
  std::string damage;  ///< what is wrong with it

  [[nodiscard]] bool whole() const { return there && damage.empty(); }
};

/// Of a version's folder: each file is read.
CacheState state_of(const std::filesystem::path& entry);
/// Notes the files of an entry. Errors: kUnreadable, kNotWritable.
Expected<void> write_manifest(const TrackingServer& server, const ResolvedModel& model,
                              const std::filesystem::path& entry);

}  // namespace joulecast::tracking
