#include <algorithm>

#include "joulecast/raw_logs.h"
#include "raw_logs/power_log_format.h"
#include "raw_logs/power_log_lines.h"
#include "raw_logs/rail_lines.h"
#include "raw_logs/window_source.h"

namespace joulecast {

struct PowerLogReader::State {
  WindowSource source;
  PowerLogOptions options;
  std::optional<TimeZone> zone;
  std::unique_ptr<PowerLines> lines;  // empty until the format is known
  std::optional<Error> fault;         // of the file; stays

  State(WindowSource from, PowerLogOptions with, std::optional<TimeZone> at)
      : source(std::move(from)), options(std::move(with)), zone(std::move(at)) {
    if (options.format != PowerFormat::kAuto) lines = make_lines(options.format);
  }

  [[nodiscard]] std::unique_ptr<PowerLines> make_lines(PowerFormat format) const {
    if (format == PowerFormat::kEdgeprofiler)
      return std::make_unique<PowerLogLines>(source.name(), options.refuse_impossible);
    auto parser = format == PowerFormat::kTegrastats ? make_tegrastats_parser(options.rails)
                                                     : make_power_csv_parser(options.rails);
    return std::make_unique<RailLines>(source.name(), std::move(parser), zone, options.refuse_impossible);
  }

  /// Two lines, or as much as there is: what tells the format.
  [[nodiscard]] bool has_head() const {
    constexpr std::size_t kLongestHead = 64 * 1024;
    const std::string_view window = source.window();
    return source.last() || window.size() > kLongestHead ||
           std::count(window.begin(), window.end(), '\n') >= 2;
  }
};

PowerLogReader::PowerLogReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
PowerLogReader::PowerLogReader(PowerLogReader&&) noexcept = default;
PowerLogReader& PowerLogReader::operator=(PowerLogReader&&) noexcept = default;
PowerLogReader::~PowerLogReader() = default;

namespace {

Expected<std::optional<TimeZone>> zone_of(const PowerLogOptions& options) {
  if (options.time_zone.empty()) return std::optional<TimeZone>();
  auto zone = TimeZone::named(options.time_zone);
  if (!zone) return tl::unexpected(zone.error());
  return std::optional(std::move(*zone));
}

}  // namespace

Expected<PowerLogReader> PowerLogReader::open(const std::filesystem::path& path,
                                              const PowerLogOptions& options) {
  const auto zone = zone_of(options);
  if (!zone) return tl::unexpected(zone.error());
  auto file = InputFile::open(path);
  if (!file) return tl::unexpected(file.error());
  return PowerLogReader(std::make_unique<State>(WindowSource(std::move(*file)), options, *zone));
}

PowerLogReader PowerLogReader::from_memory(std::string_view text, std::string source,
                                           std::size_t window_bytes) {
  PowerLogOptions options;
  options.format = PowerFormat::kEdgeprofiler;
  return PowerLogReader(std::make_unique<State>(
      WindowSource(std::string(text), std::move(source), window_bytes), options, std::nullopt));
}

Expected<PowerLogReader> PowerLogReader::from_memory(std::string_view text, std::string source,
                                                     std::size_t window_bytes,
                                                     const PowerLogOptions& options) {
  const auto zone = zone_of(options);
  if (!zone) return tl::unexpected(zone.error());
  return PowerLogReader(std::make_unique<State>(
      WindowSource(std::string(text), std::move(source), window_bytes), options, *zone));
}

Expected<std::span<const PowerSample>> PowerLogReader::next() {
  using Kind = PowerLines::Kind;
  State& state = *state_;
  if (state.fault) return tl::unexpected(*state.fault);
  for (;;) {
    if (!state.lines && state.has_head())
      state.lines = state.make_lines(detect_power_format(state.source.window()));
    if (state.lines) {
      const auto step = state.lines->step(state.source.window(), state.source.last());
      state.source.consume(step.consumed);
      switch (step.kind) {
        case Kind::kSamples:
          return std::span<const PowerSample>(state.lines->samples());
        case Kind::kEnd:
          return std::span<const PowerSample>();
        case Kind::kError:
          return tl::unexpected(state.lines->fault());
        case Kind::kNeedsMore:
          break;
      }
    }
    if (auto more = state.source.refill(); !more) {
      state.fault = more.error();
      return tl::unexpected(more.error());
    }
  }
}

std::vector<Warning> PowerLogReader::warnings() const {
  return state_->lines ? state_->lines->warnings() : std::vector<Warning>();
}

StampKind PowerLogReader::stamp_kind() const {
  return state_->lines ? state_->lines->stamp_kind() : StampKind::kLocal;
}

Expected<std::vector<PowerSample>> read_power_log(const std::filesystem::path& path,
                                                  std::vector<Warning>* warnings,
                                                  const PowerLogOptions& options) {
  auto reader = PowerLogReader::open(path, options);
  if (!reader) return tl::unexpected(reader.error());
  std::vector<PowerSample> samples;
  for (;;) {
    const auto more = reader->next();
    if (!more) return tl::unexpected(more.error());
    if (more->empty()) break;
    samples.insert(samples.end(), more->begin(), more->end());
  }
  if (samples.empty()) {
    return fail(ErrorKind::kUnfit, "the power log has no row", {path.string()},
                "Was the power logger running during the benchmark?");
  }
  if (warnings != nullptr) *warnings = reader->warnings();
  return samples;
}

}  // namespace joulecast
