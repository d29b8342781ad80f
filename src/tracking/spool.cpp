#include "tracking/spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/float_text.h"
#include "base/folder_listing.h"
#include "base/input_file.h"

namespace joulecast {
namespace tracking {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;
constexpr int kFormatVersion = 1;
constexpr const char* kRecordFile = "record.json";

OrderedJson to_json(const RunRecord& run) {
  OrderedJson json;
  json["name"] = run.name;
  for (const auto* list : {&run.params, &run.tags}) {
    OrderedJson pairs = OrderedJson::array();
    for (const auto& [key, value] : *list) pairs.push_back(OrderedJson::array({key, value}));
    json[list == &run.params ? "params" : "tags"] = pairs;
  }
  OrderedJson metrics = OrderedJson::array();
  for (const RunMetric& metric : run.metrics)  // as text: JSON has no NaN
    metrics.push_back(OrderedJson::array({metric.key, float_text(metric.value), metric.step}));
  json["metrics"] = metrics;
  OrderedJson files = OrderedJson::array();
  for (const RunArtifact& artifact : run.artifacts) files.push_back(artifact.path);
  json["artifacts"] = files;
  if (run.registration) {
    OrderedJson& registration = json["registration"];
    registration["name"] = run.registration->name;
    registration["description"] = run.registration->description;
    registration["score_basis"] = run.registration->score_basis;
    if (run.registration->score) registration["score"] = *run.registration->score;
  }
  return json;
}

void take(const OrderedJson& json, RunRecord& run) {
  run.name = json.at("name");
  for (const OrderedJson& pair : json.at("params")) run.params.emplace_back(pair.at(0), pair.at(1));
  for (const OrderedJson& pair : json.at("tags")) run.tags.emplace_back(pair.at(0), pair.at(1));
  for (const OrderedJson& metric : json.at("metrics"))
    run.metrics.push_back({metric.at(0), std::stod(metric.at(1).get<std::string>()), metric.at(2)});
  for (const OrderedJson& file : json.at("artifacts")) run.artifacts.push_back({file, {}});
  if (!json.contains("registration")) return;
  const OrderedJson& registration = json["registration"];
  run.registration.emplace();
  run.registration->name = registration.at("name");
  run.registration->description = registration.at("description");
  run.registration->score_basis = registration.at("score_basis");
  if (registration.contains("score")) run.registration->score = registration["score"].get<double>();
}

TrainingRecord record_of(const OrderedJson& json) {
  TrainingRecord record;
  record.key = json.at("key");
  record.uri = json.at("uri");
  record.experiment = json.at("experiment");
  record.promotion = promotion_from(json.at("promotion").get<std::string>()).value();
  record.start_ms = json.at("start_ms");
  record.end_ms = json.at("end_ms");
  const OrderedJson& runs = json.at("runs");
  take(runs.at(0), record.parent);
  for (std::size_t i = 1; i < runs.size(); ++i) take(runs[i], record.models.emplace_back());
  return record;
}

}  // namespace

fs::path artifact_file(const fs::path& folder, std::size_t run, const std::string& path) {
  return folder / std::to_string(run) / path;
}

Expected<TrainingRecord> read_spooled(const fs::path& folder) {
  const fs::path file = folder / kRecordFile;
  const auto text = read_whole_file(file);
  if (!text) return tl::unexpected(text.error());
  constexpr const char* kRemedy = "The training's models are not touched; remove this folder";
  try {
    const OrderedJson json = OrderedJson::parse(*text);
    if (json.at("format_version") != kFormatVersion)
      return fail(ErrorKind::kMalformed, "is a record of another version of joulecast", {file.string()},
                  "Send it with the version that wrote it");
    return record_of(json);
  } catch (const std::exception& fault) {  // of nlohmann, or a word that there is not
    return fail(ErrorKind::kMalformed, fmt::format("is no record of a training: {}", fault.what()),
                {file.string()}, kRemedy);
  }
}

Expected<bool> begin_attempt(const fs::path& folder) {
  const fs::path mark = folder / "attempted";
  std::error_code code;
  if (fs::exists(mark, code)) return true;
  if (auto written = write_file_atomically(mark, ""); !written) return tl::unexpected(written.error());
  return false;
}

Expected<void> remove_spooled(const fs::path& folder) {
  std::error_code code;
  // The record goes first: a folder without one does not count, should the rest fail.
  fs::remove(folder / kRecordFile, code);
  if (!code) fs::remove_all(folder, code);
  if (code)
    return fail(ErrorKind::kNotWritable, fmt::format("cannot be removed: {}", code.message()),
                {folder.string()}, "Remove it yourself: all of it was sent");
  std::error_code not_empty;
  fs::remove(folder.parent_path(), not_empty);
  return {};
}

Expected<SpoolLock> SpoolLock::take(const fs::path& folder) {
  // The record itself is locked: no further file that could be left behind.
  const fs::path file = folder / kRecordFile;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return tl::unexpected(unreadable_file(file, errno));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    ::close(descriptor);
    return fail(ErrorKind::kUnfit, "another process is sending it", {folder.string()},
                "Wait until that one is done");
  }
  return SpoolLock(descriptor);
}

SpoolLock::SpoolLock(SpoolLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

SpoolLock::~SpoolLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace tracking

Expected<std::filesystem::path> spool_training(const TrainingRecord& record,
                                               const std::filesystem::path& models) {
  using tracking::OrderedJson;
  auto folder = models / tracking::kSpoolFolder / record.key;
  OrderedJson json;
  json["format_version"] = tracking::kFormatVersion;
  json["key"] = record.key;
  json["uri"] = record.uri;
  json["experiment"] = record.experiment;
  json["promotion"] = to_string(record.promotion);
  json["start_ms"] = record.start_ms;
  json["end_ms"] = record.end_ms;
  json["runs"] = OrderedJson::array({tracking::to_json(record.parent)});
  for (const RunRecord& run : record.models) json["runs"].push_back(tracking::to_json(run));
  for (std::size_t i = 0; i <= record.models.size(); ++i) {
    const RunRecord& run = i == 0 ? record.parent : record.models[i - 1];
    for (const RunArtifact& artifact : run.artifacts) {
      const auto file = tracking::artifact_file(folder, i, artifact.path);
      if (auto written = write_file_atomically(file, artifact.content); !written)
        return tl::unexpected(written.error());
    }
  }
  // Last: a folder counts once its record is there.
  const std::string text = json.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
  if (auto written = write_file_atomically(folder / tracking::kRecordFile, text); !written)
    return tl::unexpected(written.error());
  return folder;
}

Expected<std::vector<std::filesystem::path>> spooled_trainings(const std::filesystem::path& models) {
  const auto spool = models / tracking::kSpoolFolder;
  std::vector<std::filesystem::path> folders;
  std::error_code code;
  if (!std::filesystem::is_directory(models, code))
    return tl::unexpected(unreadable_file(models, code ? code.value() : ENOTDIR));
  if (!std::filesystem::exists(spool, code)) return folders;
  const auto names = sorted_names(spool);
  if (!names) return tl::unexpected(names.error());
  std::vector<std::pair<std::int64_t, std::filesystem::path>> by_time;
  for (const std::string& name : *names) {
    if (!std::filesystem::exists(spool / name / tracking::kRecordFile, code)) continue;
    const auto record = tracking::read_spooled(spool / name);
    by_time.emplace_back(record ? record->start_ms : 0, spool / name);
  }
  std::stable_sort(by_time.begin(), by_time.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [time, folder] : by_time) folders.push_back(std::move(folder));
  return folders;
}

Expected<std::string> server_of_spooled(const std::filesystem::path& folder) {
  auto record = tracking::read_spooled(folder);
  if (!record) return tl::unexpected(record.error());
  return std::move(record->uri);
}

}  // namespace joulecast
