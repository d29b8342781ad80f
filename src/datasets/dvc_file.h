// `.dvc` files: which content a tracked folder or file has.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "datasets/md5.h"
#include "joulecast/error.h"

namespace joulecast::datasets {

/// What a `.dvc` file says of one output.
struct DvcEntry {
  std::string path;  ///< as the file has it: relative to the file's folder
  std::string md5;   ///< 32 digits, without ".dir"
  bool is_folder = false;
  HashKind hash = HashKind::kMd5;  ///< kMd5Dos2Unix: written by DVC 2
  std::optional<std::uint64_t> bytes{}, files{};
  bool executable = false;
  std::string remote{};  ///< the one that it asks for; empty: the default
};

/// training_data -> training_data.dvc
std::filesystem::path dvc_file_of(const std::filesystem::path& data);

/// The entry of `data` in the file beside it. Errors: kUnreadable; kMalformed for what is no such file, lists
/// other outputs alone, or is hashed in another way than by MD5.
Expected<DvcEntry> read_dvc_file(const std::filesystem::path& data);

/// May write_dvc_file() write it, as far as an earlier one goes? Asked before anything is sent. Errors of
/// that.
Expected<void> check_renewable(const std::filesystem::path& data);
/// Writes the file in DVC's form (3.x). What an earlier one says besides (desc, meta, labels, remote, ...)
/// stays. Errors: kNotWritable; kUnfit if the earlier one has several outputs or a command.
Expected<void> write_dvc_file(const std::filesystem::path& data, const DvcEntry& entry);
/// The bytes of such a file without anything besides.
std::string dvc_file_text(const DvcEntry& entry);

/// Adds "/name" to the .gitignore beside the data, as `dvc add` does, if it is not there. Error kNotWritable.
Expected<void> ignore_in_git(const std::filesystem::path& data);

}  // namespace joulecast::datasets
