// Here, there, and what both had in common last: who has changed what.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "datasets/local_files.h"
#include "datasets/sync_state.h"
#include "datasets/tree.h"
#include "joulecast/datasets.h"

namespace joulecast::datasets {

struct Compared {
  std::string path;
  DataState state = DataState::kSame;
  const LocalFile* here = nullptr;  ///< absent: none
  const TreeFile* there = nullptr;
};

/// What is taken for the common past of two files that differ and of which none is known.
enum class Past { kUnknown, kAsHere, kAsThere };

struct CompareHooks {
  /// Asked only where the remote gives no MD5 and nothing is remembered: is the content the same?
  std::function<bool(const LocalFile& here, const TreeFile& there)> matches;
  std::function<Past(const LocalFile& here, const TreeFile& there)> past;
  /// Is there something here under this path that could not be taken for a file of the dataset? Then it was
  /// not deleted.
  std::function<bool(const std::string& path)> passed_over;
};

/// All files of either side, by path. The result points into `here` and `there`.
std::vector<Compared> compare(const std::vector<LocalFile>& here, const Tree& there, const SyncState& state,
                              const CompareHooks& hooks = {});

}  // namespace joulecast::datasets
