#include "simulator/raw_data_files.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstring>

#include "base/atomic_file.h"
#include "base/csv.h"
#include "base/float_text.h"
#include "base/time_stamp.h"

namespace joulecast::simulator {
namespace {

// Text on its way into a file, counted.
class Output {
 public:
  static Expected<Output> create(const std::filesystem::path& path) {
    auto file = AtomicFile::create(path);
    if (!file) return tl::unexpected(file.error());
    return Output(std::move(*file));
  }
  std::string& text() { return text_; }
  void flush_if_large() {
    if (text_.size() >= kBlock) flush();
  }
  Expected<std::uint64_t> commit() {
    flush();
    if (auto done = file_.commit(); !done) return tl::unexpected(done.error());
    return bytes_;
  }

 private:
  static constexpr std::size_t kBlock = 1U << 18U;
  explicit Output(AtomicFile file) : file_(std::move(file)) { text_.reserve(kBlock + 4096); }
  void flush() {
    bytes_ += text_.size();
    file_.write(text_);
    text_.clear();
  }
  AtomicFile file_;
  std::string text_;
  std::uint64_t bytes_ = 0;
};

// Stamps of a log are close together: the text of a second is kept, and only its fraction is new.
class StampText {
 public:
  void append(std::string& to, TimeStamp time) {
    std::int64_t second = time.microseconds / 1'000'000;
    std::int64_t fraction = time.microseconds % 1'000'000;
    if (fraction < 0) {
      --second;
      fraction += 1'000'000;
    }
    if (second != second_) {
      second_ = second;
      text_ = format_time_stamp({second * 1'000'000});
    }
    for (std::size_t i = kTimeStampLength; i-- > kTimeStampLength - 6; fraction /= 10) {
      text_[i] = static_cast<char>('0' + fraction % 10);
    }
    to += text_;
  }

 private:
  std::int64_t second_ = INT64_MIN;
  std::string text_;
};

// A profiler's durations and a sensor's steps repeat: their texts are kept, one for each of some slots.
class RepeatedFloatText {
 public:
  void append(std::string& to, double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    Slot& slot = slots_[(bits * 0x9e3779b97f4a7c15ULL) >> 52U];
    if (slot.length == 0 || slot.bits != bits) {
      slot.bits = bits;
      slot.length = static_cast<std::size_t>(write_float(slot.text.data(), value) - slot.text.data());
    }
    to.append(slot.text.data(), slot.length);
  }

 private:
  struct Slot {
    std::uint64_t bits = 0;
    std::size_t length = 0;
    std::array<char, kFloatTextBytes> text{};
  };
  std::vector<Slot> slots_ = std::vector<Slot>(4096);
};

// As json.dumps: non-ASCII becomes \uXXXX; a simulated name is ASCII, other bytes pass as they are.
void append_json_string(std::string& to, std::string_view text) {
  to += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      to += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      to += c;
    }
  }
  to += '"';
}

}  // namespace

Expected<std::uint64_t> write_power_log(const std::filesystem::path& path,
                                        const std::vector<PowerSample>& samples) {
  auto out = Output::create(path);
  if (!out) return tl::unexpected(out.error());
  StampText stamps;
  RepeatedFloatText floats;
  for (const PowerSample& sample : samples) {
    std::string& text = out->text();
    stamps.append(text, sample.at);
    text += ',';
    floats.append(text, sample.millivolts);
    text += ',';
    floats.append(text, sample.milliamps);
    text += '\n';
    out->flush_if_large();
  }
  return out->commit();
}

Expected<std::uint64_t> write_latency_log(const std::filesystem::path& path, const LatencyLog& log) {
  auto out = Output::create(path);
  if (!out) return tl::unexpected(out.error());
  StampText stamps;
  RepeatedFloatText floats;
  out->text() += '{';
  bool first_layer = true;
  for (const auto& layer : log.layers) {
    std::string& text = out->text();
    text += first_layer ? "\n    " : ",\n    ";
    first_layer = false;
    append_json_string(text, layer.name);
    text += ": [";
    bool first = true;
    for (const LatencyEntry& entry : layer.entries) {
      text += first ? "\n        [\n            " : ",\n        [\n            ";
      first = false;
      floats.append(text, entry.milliseconds);
      text += ",\n            \"";
      stamps.append(text, entry.completed);
      text += "\"\n        ]";
      out->flush_if_large();
    }
    text += layer.entries.empty() ? "]" : "\n    ]";
  }
  out->text() += log.layers.empty() ? "}" : "\n}";
  return out->commit();
}

Expected<std::uint64_t> write_benchmark_summary(const std::filesystem::path& path, const SimulatedRun& run,
                                                std::uint64_t warm_up) {
  auto out = Output::create(path);
  if (!out) return tl::unexpected(out.error());
  const BenchmarkSummary& summary = run.benchmark;
  std::string& text = out->text();
  text += "{\n    \"config\": {\n        \"model\": ";
  append_json_string(text, summary.model);
  text += fmt::format(",\n        \"dtype\": \"{}\",\n        \"input_shape\": [", summary.data_type);
  for (std::size_t i = 0; i < summary.input_shape.size(); ++i) {
    text += fmt::format("{}\n            {}", i == 0 ? "" : ",", summary.input_shape[i]);
  }
  text += fmt::format(
      "\n        ],\n        \"warmup\": {},\n        \"runs\": {},\n        \"optimization_level\": 3,\n"
      "        \"min_block_size\": 5,\n        \"result_dir\": \"raw_data\"\n    }},\n    \"total_time\": ",
      warm_up, summary.latencies_s.size());
  append_float(text, run.truth.recorded_s);
  const std::string stamp =
      run.power.empty() ? std::string(kTimeStampLength, '0') : format_time_stamp(run.power.front().at);
  text += fmt::format(",\n    \"timestamp\": \"{}{}{}\",\n    \"latencies\": [", stamp.substr(0, 11),
                      stamp.substr(12, 2), stamp.substr(15, 2));
  bool first = true;
  for (const double latency : summary.latencies_s) {
    text += first ? "\n        " : ",\n        ";
    first = false;
    append_float(text, latency);
    out->flush_if_large();
  }
  text += "\n    ],\n    \"avg_throughput\": ";
  append_float(text, summary.average_latency_s.value_or(0.0) > 0.0 ? 1.0 / *summary.average_latency_s : 0.0);
  text += ",\n    \"avg_latency\": ";
  append_float(text, summary.average_latency_s.value_or(0.0));
  text += "\n}";
  return out->commit();
}

Expected<std::uint64_t> write_idle_power(const std::filesystem::path& path, const IdlePower& idle) {
  auto out = Output::create(path);
  if (!out) return tl::unexpected(out.error());
  out->text() = fmt::format("{{\n    \"timestamp\": \"{}\",\n    \"avg_idle_power\": {}\n}}", idle.timestamp,
                            float_text(idle.average.value));
  return out->commit();
}

Expected<std::uint64_t> write_truth_table(const std::filesystem::path& path, const RunTruth& truth) {
  auto out = Output::create(path);
  if (!out) return tl::unexpected(out.error());
  std::string& text = out->text();
  text += "layer_name,layer_type,run_time_ms,power_w,energy_mj\n";
  for (const LayerTruth& layer : truth.layers) {
    append_csv_cell(text, layer.name);
    text += ',';
    append_csv_cell(text, layer.type);
    // Nine digits: the last bits of a sum are no truth.
    text += fmt::format(",{:.9g},{:.9g},{:.9g}\n", layer.run_time_ms, layer.power_w, layer.energy_mj);
  }
  return out->commit();
}

}  // namespace joulecast::simulator
