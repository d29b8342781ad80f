#include <algorithm>
#include <atomic>
#include <system_error>

#include <fmt/format.h>

#include "base/folder_listing.h"
#include "base/parallel.h"
#include "measurements/file_names.h"
#include "training_set/convert_network.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

struct Listing {
  std::vector<std::string> networks;  // sorted
  std::vector<Warning> warnings;
};

Expected<Listing> list_networks(const fs::path& folder) {
  const char* const hint = "Give the folder that `joulecast attribute` wrote";
  const auto names = sorted_names(folder, hint);
  if (!names) return tl::unexpected(names.error());
  Listing listing;
  std::vector<std::string> stray;
  std::error_code code;
  for (const std::string& name : *names) {
    if (name.starts_with('.')) continue;  // of the system, or of a version control
    (fs::is_directory(folder / name, code) ? listing.networks : stray).push_back(name);
  }
  if (listing.networks.empty()) {
    return fail(ErrorKind::kUnfit, "no network's folder in it", {folder.string()}, hint);
  }
  if (!stray.empty()) {
    listing.warnings.push_back({"plain files among the networks' folders are ignored",
                                {(folder / stray.front()).string()},
                                stray.size()});
  }
  return listing;
}

/// Nothing of another stage is read: rows of networks without measurements would be withdrawn.
Expected<void> check_stage(const fs::path& folder, const std::vector<std::string>& networks) {
  const auto any_has = [&](std::initializer_list<std::string_view> files) {
    return std::any_of(networks.begin(), networks.end(), [&](const std::string& network) {
      return std::any_of(files.begin(), files.end(), [&](std::string_view file) {
        std::error_code code;
        return fs::exists(folder / network / file, code);
      });
    });
  };
  if (any_has({kEngineFile, kWindowCsvFile, kLayerPowerFile})) return {};
  if (any_has({"trt_profiling"}))
    return fail(ErrorKind::kUnfit, "these are raw logs, not yet measurements", {folder.string()},
                "Run `joulecast attribute` on them first, then convert what it wrote");
  if (any_has({"layers.csv", "convolutional.csv", "pooling.csv", "dense.csv", "rejects.csv"}))
    return fail(ErrorKind::kUnfit, "these are training rows already", {folder.string()},
                "Give the folder that `joulecast attribute` wrote");
  return {};
}

}  // namespace

Expected<std::vector<ConvertOutcome>> convert_folder(const fs::path& preprocessed, const fs::path& out,
                                                     const ConvertOptions& options) {
  const auto listing = list_networks(preprocessed);
  if (!listing) return tl::unexpected(listing.error());
  std::error_code code;
  if (fs::equivalent(preprocessed, out, code))
    return fail(ErrorKind::kUsage, "--out is the folder of the measurements themselves", {out.string()},
                "Give training rows a folder of their own");
  if (auto ok = check_stage(preprocessed, listing->networks); !ok) return tl::unexpected(ok.error());
  std::vector<ConvertOutcome> outcomes(listing->networks.size());
  std::atomic<std::size_t> finished = 0;
  parallel_for(outcomes.size(), options.jobs, [&](std::size_t i) {
    const std::string& network = listing->networks[i];
    outcomes[i] = convert_network(network, preprocessed / network, out / network, options);
    if (options.progress) options.progress(++finished, outcomes.size());
  });
  auto& first = outcomes.front().warnings;
  first.insert(first.begin(), listing->warnings.begin(), listing->warnings.end());
  return outcomes;
}

}  // namespace joulecast
