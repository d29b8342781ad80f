#include "joulecast/raw_logs.h"
#include "raw_logs/power_log_lines.h"
#include "raw_logs/window_source.h"

namespace joulecast {

struct PowerLogReader::State {
  WindowSource source;
  PowerLogLines lines;
  std::optional<Error> fault;  // of the file; stays

  explicit State(WindowSource from) : source(std::move(from)), lines(source.name()) {}
};

PowerLogReader::PowerLogReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
PowerLogReader::PowerLogReader(PowerLogReader&&) noexcept = default;
PowerLogReader& PowerLogReader::operator=(PowerLogReader&&) noexcept = default;
PowerLogReader::~PowerLogReader() = default;

Expected<PowerLogReader> PowerLogReader::open(const std::filesystem::path& path) {
  auto file = InputFile::open(path);
  if (!file) return tl::unexpected(file.error());
  return PowerLogReader(std::make_unique<State>(WindowSource(std::move(*file))));
}

PowerLogReader PowerLogReader::from_memory(std::string_view text, std::string source,
                                           std::size_t window_bytes) {
  return PowerLogReader(
      std::make_unique<State>(WindowSource(std::string(text), std::move(source), window_bytes)));
}

Expected<std::span<const PowerSample>> PowerLogReader::next() {
  using Kind = PowerLogLines::Kind;
  State& state = *state_;
  if (state.fault) return tl::unexpected(*state.fault);
  for (;;) {
    const auto step = state.lines.step(state.source.window(), state.source.last());
    state.source.consume(step.consumed);
    switch (step.kind) {
      case Kind::kSamples:
        return std::span<const PowerSample>(state.lines.samples());
      case Kind::kEnd:
        return std::span<const PowerSample>();
      case Kind::kError:
        return tl::unexpected(state.lines.fault());
      case Kind::kNeedsMore:
        break;
    }
    if (auto more = state.source.refill(); !more) {
      state.fault = more.error();
      return tl::unexpected(more.error());
    }
  }
}

std::vector<Warning> PowerLogReader::warnings() const {
  return state_->lines.warnings();
}

Expected<std::vector<PowerSample>> read_power_log(const std::filesystem::path& path,
                                                  std::vector<Warning>* warnings) {
  auto reader = PowerLogReader::open(path);
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
