// A single file for `doctor`: its first bytes say which reader to give it to.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/csv.h"
#include "base/input_file.h"
#include "base/shell_text.h"
#include "base/time_stamp.h"
#include "base/utf8.h"
#include "cli/examine.h"
#include "cost_model/model_file.h"
#include "joulecast/networks.h"
#include "joulecast/raw_logs.h"
#include "joulecast/training_set.h"
#include "raw_logs/power_log_format.h"
#include "raw_logs/small_json.h"
#include "training_set/layer_samples.h"

namespace joulecast::cli {
namespace {

namespace fs = std::filesystem;
using Examine = void (*)(const fs::path& file, Finding& finding);

constexpr std::size_t kHeadBytes = 64 * 1024;

/// A network that waits for shapes is no faulty one: `predict` needs their flags. `error` is of reading it.
bool take_open_shapes(const fs::path& file, const Error& error, Finding& finding) {
  if (error.kind != ErrorKind::kUnfit) return false;
  const auto open = inputs_without_shape(file);
  if (!open || open->empty()) return false;
  finding.warnings.push_back({error.message, error.location});
  for (const ShapeOverride& input : *open) finding.next += " " + shape_flag(input);
  return true;
}

void examine_network_file(const fs::path& file, Finding& finding) {
  finding.is = "engine";
  finding.next = fmt::format("joulecast predict {} --models models", shell_quoted(file.string()));
  auto network = read_network(file, {});
  if (!network && take_open_shapes(file, network.error(), finding)) {
    network = read_engine_as_written(file);
    if (!network) return;  // an ONNX model: nothing can be said of it without its shapes
  }
  if (!network) {
    finding.faults.push_back(network.error());
    return;
  }
  finding.add(network->warnings);
  std::size_t faulty = 0;
  std::map<LayerKind, std::size_t> kinds;
  for (const auto& layer : network->layers) {
    faulty += layer.faults.empty() && layer.oddities.empty() ? 0 : 1;
    ++kinds[layer.kind];
  }
  finding.detail = fmt::format("{} layers:", network->layers.size());
  for (const auto& [kind, count] : kinds) finding.detail += fmt::format(" {} {}", count, to_string(kind));
  if (faulty != 0) finding.detail += fmt::format(", {} only partly understood", faulty);
}

void examine_idle_power(const fs::path& file, Finding& finding) {
  finding.is = "idle power";
  const auto idle = finding.take(read_idle_power(file));
  if (!idle) return;
  finding.add(idle->warnings);
  finding.detail = fmt::format("{:.4g} W", to_watts(idle->average).value);
}

void examine_latency_log(const fs::path& file, Finding& finding) {
  finding.is = "latency log";
  const auto log = finding.take(read_latency_log(file));
  if (!log) return;
  finding.add(log->warnings);
  finding.detail = fmt::format("{} layers, {} cycles{}", log->layers.size(), log->cycles(),
                               log->has_stamps ? "" : ", no time stamps");
}

void examine_profile(const fs::path& file, Finding& finding) {
  finding.is = "trtexec profile";
  const auto profile = finding.take(read_trtexec_profile(file));
  if (profile) finding.detail = fmt::format("{} layers, {} cycles", profile->layers.size(), profile->cycles);
}

void examine_benchmark(const fs::path& file, Finding& finding) {
  finding.is = "benchmark summary";
  const auto summary = finding.take(read_benchmark_summary(file));
  if (summary) finding.detail = fmt::format("{} latencies", summary->latencies_s.size());
}

void examine_attribution(const fs::path& file, Finding& finding) {
  finding.is = "account of an attribution";
  finding.take(json::read(file, "Attribute the network again"));
}

void examine_power_log(const fs::path& file, const PowerLogOptions& options, Finding& finding) {
  finding.is = "power log";
  auto reader = finding.take(PowerLogReader::open(file, options));
  if (!reader) return;
  std::size_t samples = 0;
  for (;;) {
    const auto more = finding.take(reader->next());
    if (!more || more->empty()) break;
    samples += more->size();
  }
  finding.add(reader->warnings());
  finding.detail = fmt::format("{} samples", samples);
  if (samples == 0 && finding.faults.empty())
    finding.faults.push_back({ErrorKind::kUnfit,
                              "the power log has no sample",
                              {file.string()},
                              "Was the power logger running during the benchmark?"});
}

void examine_window_csv(const fs::path& file, Finding& finding) {
  finding.is = "measurements by window";
  const auto samples = finding.take(read_window_csv(file));
  if (!samples) return;
  finding.add(samples->warnings);
  finding.detail = fmt::format("{} layers, {} rows", samples->layers.size(), samples->rows);
}

void examine_layer_power(const fs::path& file, Finding& finding) {
  finding.is = "measurements by layer";
  const auto layers = finding.take(read_layer_power(file, &finding.warnings));
  if (!layers) return;
  finding.detail = fmt::format("{} layers", layers->size());
  if (layers->empty())
    finding.faults.push_back(
        {ErrorKind::kUnfit, "the file has no row", {file.string()}, "Attribute the network again"});
}

void examine_covariance(const fs::path& file, Finding& finding) {
  finding.is = "covariance of powers";
  const auto covariance = finding.take(read_power_covariance(file, &finding.warnings));
  if (covariance) finding.detail = fmt::format("{} layers", covariance->layer_names.size());
}

void examine_layers(const fs::path& file, Finding& finding) {
  finding.is = "layers";
  const auto rows = finding.take(read_layers_csv(file, &finding.warnings));
  if (rows) finding.detail = fmt::format("{} rows", rows->size());
}

void examine_prediction(const fs::path& file, Finding& finding) {
  finding.is = "prediction";
  finding.detail = fmt::format("{} layers", count_rows(file, finding));
}

void examine_statistics(const fs::path& file, Finding& finding) {
  finding.is = "statistics by layer";
  finding.detail = fmt::format("{} layers", count_rows(file, finding));
}

void examine_rejects(const fs::path& file, Finding& finding) {
  finding.is = "rejects";
  finding.detail = fmt::format("{} rows", count_rows(file, finding));
}

/// The reader of training rows takes folders: what stands beside the file is read with it.
void examine_reference_csv(const fs::path& file, Finding& finding) {
  std::error_code code;
  Finding folder = examine_training(fs::absolute(file, code).parent_path());
  folder.path = finding.path;
  finding = std::move(folder);
}

bool has(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

/// {"name": [ ..., whatever the name is.
bool begins_with_list(std::string_view object) {
  const std::size_t open = object.find('"');
  if (open == std::string_view::npos) return object.find_first_not_of(" \t\r\n", 1) == std::string_view::npos;
  std::size_t close = open + 1;
  while (close < object.size() && object[close] != '"') close += object[close] == '\\' ? 2 : 1;
  const std::size_t colon = object.find_first_not_of(" \t\r\n", std::min(close + 1, object.size()));
  if (colon == std::string_view::npos || object[colon] != ':') return false;
  const std::size_t value = object.find_first_not_of(" \t\r\n", colon + 1);
  return value != std::string_view::npos && object[value] == '[';
}

Examine reader_of_object(std::string_view head) {
  std::string lower(head);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  if (has(head, "\"avg_idle_power\"")) return examine_idle_power;
  if (has(lower, "\"layertype\"") || has(lower, "\"layers\"") || has(lower, "\"bindings\""))
    return has(head, "\"verdict\"") ? examine_attribution : examine_network_file;
  if (has(head, "\"verdict\"")) return examine_attribution;
  if (has(head, "\"config\"") || has(head, "\"latencies\"")) return examine_benchmark;
  return begins_with_list(head) ? examine_latency_log : examine_network_file;
}

Examine reader_of_csv(std::string_view line) {
  auto reader = CsvReader::from_memory(std::string(line) + "\n", "");
  const auto header = reader.next();
  if (!header) return nullptr;
  const auto names = [&](std::string_view column) {
    return std::find(header->begin(), header->end(), column) != header->end();
  };
  if (names("layer_power_excluding_idle_power_micro_watt")) return examine_window_csv;
  if (!names("layer_name")) return nullptr;
  if (names("reason") && names("detail")) return examine_rejects;
  if (names("energy_low_mj") && names("status")) return examine_layer_power;
  if (names("count") && names("mean") && names("std")) return examine_statistics;
  if (names("power_prediction") && names("runtime_prediction")) return examine_prediction;
  // Beside a kind stands a size: layers may have any name, that of a column too.
  if (names("kind") && (names("network") || names("input_channels") || names("output_channels")))
    return examine_layers;
  if (names("runtime") && names("power") && header->front() != "layer_name") return examine_reference_csv;
  // The covariance's other columns are the layers' names, whatever they are.
  if (header->size() > 1 && header->front() == "layer_name" && !names("layer_type"))
    return examine_covariance;
  return names("kind") || names("layer_type") ? examine_layers : nullptr;
}

bool is_power_log(std::string_view head, std::string_view first_line, const fs::path& file) {
  return has(file.filename().string(), "_power_log.") ||
         parse_time_stamp(first_line.substr(0, first_line.find(','))).has_value() ||
         detect_power_format(head) != PowerFormat::kEdgeprofiler;
}

/// Null for a power log, whose reader needs to know more.
Examine reader_of(std::string_view head, const fs::path& file) {
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && head[first] == '{') return reader_of_object(head.substr(first));
  if (first != std::string_view::npos && head[first] == '[') return examine_profile;
  const std::string_view line = head.substr(0, head.find_first_of("\r\n"));
  if (const Examine reader = reader_of_csv(line)) return reader;
  return is_power_log(head, line, file) ? nullptr : examine_network_file;
}

/// The first bytes, decompressed.
Expected<std::string> head_of(const fs::path& path) {
  auto file = InputFile::open(path);
  if (!file) return tl::unexpected(file.error());
  std::string head(kHeadBytes, '\0');
  std::size_t used = 0;
  while (used < head.size()) {
    const auto got = file->read(std::span(head).subspan(used));
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    used += *got;
  }
  head.resize(used);
  return head;
}

}  // namespace

Finding examine_file(const fs::path& file, const PowerLogOptions& options) {
  Finding finding{file.string(), "a file"};
  const auto head = finding.take(head_of(file));
  if (!head) return finding;
  if (has(*head, kModelFormat) || file.filename() == kModelFileName) return examine_models(file);
  if (const Examine reader = reader_of(*head, file))
    reader(file, finding);
  else
    examine_power_log(file, options, finding);
  return finding;
}

}  // namespace joulecast::cli
