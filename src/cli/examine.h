// What `doctor` finds out about a path: what it is, by content, and what is wrong with it. Files are read by
// the same readers as the stages use.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "joulecast/error.h"
#include "joulecast/raw_logs.h"

namespace joulecast::cli {

/// What was found out about one path.
struct Finding {
  std::string path;
  std::string is;               ///< what kind of data it is
  std::string detail{};         ///< how much of it
  std::vector<Error> faults{};  ///< none: it is good
  std::vector<Warning> warnings{};
  std::string next{};  ///< the command that uses it; may be empty
  bool is_raw_data = false;

  /// The value of a result; its error is one more fault.
  template <class T>
  std::optional<T> take(Expected<T> result) {
    if (result) return std::move(*result);
    faults.push_back(std::move(result.error()));
    return std::nullopt;
  }
  void add(const std::vector<Warning>& more) { warnings.insert(warnings.end(), more.begin(), more.end()); }
};

/// One finding; of what `dataset` wrote, one for each stage's folder.
/// `options` are for a power log.
std::vector<Finding> examine(const std::filesystem::path& path, const PowerLogOptions& options);

/// The parts of it: folders of the stages, a single file.
Finding examine_raw_data(const std::filesystem::path& folder);
Finding examine_preprocessed(const std::filesystem::path& folder);
Finding examine_training(const std::filesystem::path& folder);
Finding examine_models(const std::filesystem::path& path);
Finding examine_file(const std::filesystem::path& file, const PowerLogOptions& options);
/// Rows of a rejects.csv or a table of statistics.
std::size_t count_rows(const std::filesystem::path& file, Finding& finding);

}  // namespace joulecast::cli
