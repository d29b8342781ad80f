#include <algorithm>
#include <array>
#include <system_error>

#include <fmt/format.h>

#include "base/folder_listing.h"
#include "joulecast/raw_logs.h"
#include "raw_logs/doubts.h"
#include "raw_logs/python_text.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kCompressions = {"", ".gz", ".zst"};
/// The reference's name first, then those that other tools' logs have.
constexpr std::array<std::string_view, 3> kPowerLogs = {"_power_log.log", "_power_log.csv", "_power_log.txt"};
constexpr std::string_view kIdlePower = "idling_power.json";

/// `folder`/`name`, plain or compressed, if there is such a thing, even a folder, a dangling link or
/// something that may not be looked at: the reader then says so.
fs::path find_file(const fs::path& folder, const std::string& name) {
  for (const std::string_view compression : kCompressions) {
    std::error_code code;
    fs::path path = folder / (name + std::string(compression));
    if (fs::symlink_status(path, code).type() != fs::file_type::not_found) return path;
  }
  return {};
}

/// The part of a file's name before `suffix` and a compression's suffix, if it ends so.
std::optional<std::string> before_suffix(std::string_view name, std::string_view suffix) {
  for (const std::string_view compression : kCompressions) {
    const std::string whole = std::string(suffix) + std::string(compression);
    if (name.size() > whole.size() && name.ends_with(whole))
      return std::string(name.substr(0, name.size() - whole.size()));
  }
  return std::nullopt;
}

/// A file of a network named after its folder. The reference uses Python's `stem`, which cuts "squeezenet1.1"
/// at the dot; the full name goes first here.
fs::path find_named(NetworkFolder& network, const std::string& suffix) {
  fs::path path = find_file(network.folder, network.name + suffix);
  const std::string stem(python::stem(network.name));
  if (!path.empty() || stem == network.name) return path;
  path = find_file(network.folder, stem + suffix);
  if (!path.empty()) {
    network.warnings.push_back({fmt::format("there is no {}{}: took {}, the name cut at its dot",
                                            network.name, suffix, path.filename().string()),
                                {network.folder.string()},
                                1});
  }
  return path;
}

/// The files of `trtexec --exportLayerInfo=X.graph.json --exportProfile=X.profile.json`: the first X (by
/// name) that has both, else what there is.
void find_trtexec_pair(NetworkFolder& network) {
  const auto names = sorted_names(network.folder);
  if (!names) return;
  fs::path lone_graph;
  std::size_t pairs = 0;
  for (const std::string& name : *names) {
    if (const auto stem = before_suffix(name, ".graph.json")) {
      if (lone_graph.empty()) lone_graph = network.folder / name;
      const fs::path profile = find_file(network.folder, *stem + ".profile.json");
      if (!profile.empty() && ++pairs == 1) {
        network.engine = network.folder / name;
        network.profile = profile;
      }
    } else if (before_suffix(name, ".profile.json") && network.profile.empty()) {
      network.profile = network.folder / name;
    }
  }
  if (network.engine.empty()) network.engine = lone_graph;
  if (pairs > 1) {
    network.warnings.push_back(
        {fmt::format("{} trtexec pairs: took {}", pairs, network.profile.filename().string()),
         {network.folder.string()},
         1});
  }
}

NetworkFolder list_network(const fs::path& folder, const std::string& name) {
  NetworkFolder network;
  network.name = name;
  network.folder = folder;
  for (const std::string_view suffix : kPowerLogs) {
    if (network.power_log.empty()) network.power_log = find_named(network, std::string(suffix));
  }
  network.benchmark = find_named(network, "_tensorrt.json");
  // Other collectors leave out the folder trt_profiling.
  for (const fs::path& place : {folder / "trt_profiling", folder}) {
    if (network.latency_log.empty()) network.latency_log = find_file(place, "trt_layer_latency.json");
    if (network.engine.empty()) network.engine = find_file(place, "trt_engine_info.json");
  }
  if (network.latency_log.empty()) find_trtexec_pair(network);
  return network;
}

/// Does this look like the folder of one network?
bool is_network_folder(const fs::path& folder, const std::vector<std::string>& names) {
  std::error_code code;
  if (fs::is_directory(folder / "trt_profiling", code)) return true;
  return std::any_of(names.begin(), names.end(), [](const std::string& name) {
    const bool power_log = std::any_of(kPowerLogs.begin(), kPowerLogs.end(), [&](std::string_view suffix) {
      return before_suffix(name, suffix).has_value();
    });
    return power_log || before_suffix(name, ".profile.json") || before_suffix(name, "trt_engine_info.json") ||
           name == "trt_engine_info.json";
  });
}

bool is_bookkeeping(std::string_view name) {
  return name.starts_with('.') || name.ends_with(".dvc");
}

}  // namespace

Expected<RawData> list_raw_data(const std::filesystem::path& folder) {
  const auto names = sorted_names(folder, "Name the folder that holds one folder for each network");
  if (!names) return tl::unexpected(names.error());
  std::error_code code;
  RawData data;
  data.idle_power = find_file(folder, std::string(kIdlePower));
  Doubts doubts;
  for (const std::string& name : *names) {
    const fs::path path = folder / name;
    if (is_bookkeeping(name) || path == data.idle_power) continue;
    if (fs::is_directory(path, code)) {
      data.networks.push_back(list_network(path, name));
    } else {
      doubts.note("a file that belongs to no network is ignored", {path.string()});
    }
  }
  data.warnings = doubts.take();
  const bool only_own_parts =
      data.networks.empty() || (data.networks.size() == 1 && data.networks.front().name == "trt_profiling");
  if (only_own_parts && is_network_folder(folder, *names)) {
    return fail(ErrorKind::kUnfit, "this is the folder of one network", {folder.string()},
                "Name the folder above it, and choose the network by its name");
  }
  if (data.networks.empty()) {
    return fail(ErrorKind::kUnfit, "there is no network in this folder", {folder.string()},
                "It must hold one folder for each network, with its logs");
  }
  return data;
}

}  // namespace joulecast
