// A download that may break off: what is there stays, and is gone on with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "datasets/bulk_writer.h"
#include "datasets/md5.h"
#include "http/message.h"
#include "joulecast/error.h"

namespace joulecast::datasets {

/// PARTS/<name> and, while it grows, PARTS/<name>.of with the validator of the answer that it is from. Left
/// behind by a broken or killed download, it is found again under the same name. The MD5 is computed as the
/// bytes come.
class PartialFile final : public http::BodySink {
 public:
  /// Opens what an earlier attempt has left, or an empty file. Errors: kNotWritable.
  static Expected<std::unique_ptr<PartialFile>> open(const std::filesystem::path& parts,
                                                     const std::string& name);
  ~PartialFile() override;

  [[nodiscard]] std::uint64_t kept() const override { return file_.bytes(); }
  [[nodiscard]] std::string validator() const override { return validator_; }
  Expected<void> begin(const http::Response& response, std::uint64_t from) override;
  Expected<void> take(std::string_view bytes) override;

  /// From now on what comes is written to a second file too, which costs less than to copy it afterwards. Not
  /// if there are bytes already. Error kNotWritable.
  Expected<void> start_copy();
  /// The second file, on the disk and stamped as by finish(): the caller's from now on. Nothing if there is
  /// none. Error kNotWritable.
  Expected<std::optional<std::filesystem::path>> take_copy();
  /// All bytes there are now: MD5 (of either kind). They are in the file then.
  Expected<std::string> md5(HashKind kind = HashKind::kMd5);
  /// Throws away what is there.
  Expected<void> start_again();
  /// On the disk, with a time of last change that no later write can have, and the mode if one is given; then
  /// under its name, where an existing file is replaced. Error kNotWritable.
  Expected<void> finish(const std::filesystem::path& destination, std::optional<unsigned> mode = {});
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit PartialFile(std::filesystem::path path) : path_(std::move(path)) {}
  [[nodiscard]] std::filesystem::path copy_path() const;

  std::filesystem::path path_;
  BulkWriter file_, copy_;
  std::uint64_t hashed_ = 0;  ///< bytes that md5_ has seen
  Md5 md5_;
  std::string validator_;
};

/// Gives `from` the name `to`, on whatever file system. Error kNotWritable.
Expected<void> move_into_place(const std::filesystem::path& from, const std::filesystem::path& to);
/// Gives a new file the mode that it is to have under the name `to`: that of the file which it replaces there
/// (not of a link, whose target is a cache's), else as the umask made it. A program may be run by whoever may
/// read it.
void take_mode(const std::filesystem::path& fresh, const std::filesystem::path& to, bool executable);
/// Sets a time of last change, exact to the nanosecond, that no write gives.
void stamp(const std::filesystem::path& file);

}  // namespace joulecast::datasets
