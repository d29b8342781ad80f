// A latency log in memory, made of what a reader reports.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "joulecast/raw_logs.h"
#include "raw_logs/doubts.h"

namespace joulecast {

/// Fills a LatencyLog from a reader's events.
class LatencyLogBuilder {
 public:
  explicit LatencyLogBuilder(std::string file) : file_(std::move(file)) {}

  void begin_layer(std::string_view name) {
    finish_layer();
    const auto [found, is_new] = places_.try_emplace(std::string(name), log_.layers.size());
    current_ = found->second;
    if (is_new) {
      log_.layers.push_back({std::string(name), {}, 0});
      log_.layers.back().entries.reserve(usual_length_);
    } else {
      log_.layers[current_].entries.clear();
      log_.layers[current_].leading_integers = 0;
      doubts_.note("a layer's name is repeated: its last list counts", {file_});
    }
  }

  void add(const LatencyLogReader::Event& event) {
    LatencyLog::LayerEntries& layer = log_.layers[current_];
    if (layer.leading_integers == layer.entries.size()) layer.leading_integers += event.leading_integers;
    const std::size_t first = layer.entries.size();
    layer.entries.insert(layer.entries.end(), event.entries.begin(), event.entries.end());
    check(layer.entries, first, event.has_stamps);
  }

  LatencyLog finish(bool has_stamps) {
    finish_layer();
    log_.has_stamps = has_stamps;
    log_.warnings = doubts_.take();
    return std::move(log_);
  }

 private:
  void finish_layer() {
    if (log_.layers.empty()) return;
    auto& entries = log_.layers[current_].entries;
    usual_length_ = entries.size();
    entries.shrink_to_fit();
  }

  void check(const std::vector<LatencyEntry>& entries, std::size_t first, bool has_stamps) {
    for (std::size_t i = first; i < entries.size(); ++i) {
      const auto which = [&] {
        return fmt::format(" (first: entry {} of layer '{}')", i + 1, log_.layers[current_].name);
      };
      const auto duration = doubt_about_duration(entries[i].milliseconds);
      if (!duration.empty()) doubts_.note(duration, {file_}, which);
      if (i == 0 || !has_stamps) continue;
      const auto step = doubt_about_step(entries[i - 1].completed, entries[i].completed);
      if (!step.empty()) doubts_.note(step, {file_}, which);
    }
  }

  std::string file_;
  LatencyLog log_;
  Doubts doubts_;
  std::unordered_map<std::string, std::size_t> places_;
  std::size_t current_ = 0;
  std::size_t usual_length_ = 0;
};

}  // namespace joulecast
