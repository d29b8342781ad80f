// DVC's cache: contents by their names, and links from there into the working folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "datasets/dvc_config.h"
#include "datasets/local_files.h"
#include "datasets/md5.h"
#include "joulecast/error.h"

namespace joulecast::datasets {

class Cache {
 public:
  /// `scratch`: a folder for files that have no name yet.
  Cache(DvcRepository repository, std::filesystem::path scratch)
      : repository_(std::move(repository)), scratch_(std::move(scratch)) {}

  [[nodiscard]] std::filesystem::path place(const std::string& md5, bool is_folder, HashKind hash) const;
  /// Is there an object of this name? It is not read.
  [[nodiscard]] bool has(const std::string& md5, HashKind hash) const;
  /// The object, if it is there and has the hash that it is called by. (DVC trusts an object that is 0444.)
  [[nodiscard]] std::optional<std::filesystem::path> verified(const std::string& md5, bool is_folder,
                                                              HashKind hash) const;
  /// Puts an object's content at `to` as the repository's cache.type has it. Error kNotWritable.
  Expected<void> link_out(const std::filesystem::path& object, const std::filesystem::path& to,
                          bool executable) const;
  /// Will link_out() of a file that is no program write all bytes again?
  [[nodiscard]] bool copies() const;
  [[nodiscard]] const DvcRepository& repository() const { return repository_; }

 private:
  [[nodiscard]] bool can_reflink() const;

  DvcRepository repository_;
  std::filesystem::path scratch_;
};

/// A copy of `from` called `to`, by reflink where the file system can; its content must have this MD5 or it
/// does not take its name (kUnfit: the file changes while it is read). Mode as given, else by take_mode().
/// `scratch` is a folder for the time until then.
Expected<void> copy_verified(const std::filesystem::path& from, const std::filesystem::path& to,
                             const std::string& md5, const std::filesystem::path& scratch,
                             std::optional<unsigned> mode, bool executable = false);

}  // namespace joulecast::datasets
