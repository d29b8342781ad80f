#include "joulecast/raw_logs.h"
#include "raw_logs/latency_tokenizer.h"
#include "raw_logs/window_source.h"

namespace joulecast {

struct LatencyLogReader::State {
  WindowSource source;
  LatencyTokenizer tokenizer;
  std::optional<Error> fault;  // of the file; stays

  explicit State(WindowSource from) : source(std::move(from)) {}
};

LatencyLogReader::LatencyLogReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
LatencyLogReader::LatencyLogReader(LatencyLogReader&&) noexcept = default;
LatencyLogReader& LatencyLogReader::operator=(LatencyLogReader&&) noexcept = default;
LatencyLogReader::~LatencyLogReader() = default;

Expected<LatencyLogReader> LatencyLogReader::open(const std::filesystem::path& path) {
  auto file = InputFile::open(path);
  if (!file) return tl::unexpected(file.error());
  return LatencyLogReader(std::make_unique<State>(WindowSource(std::move(*file))));
}

LatencyLogReader LatencyLogReader::from_memory(std::string_view text, std::string source,
                                               std::size_t window_bytes) {
  return LatencyLogReader(
      std::make_unique<State>(WindowSource(std::string(text), std::move(source), window_bytes)));
}

Expected<LatencyLogReader::Event> LatencyLogReader::next() {
  using Kind = LatencyTokenizer::Kind;
  State& state = *state_;
  if (state.fault) return tl::unexpected(*state.fault);
  LatencyTokenizer& tokenizer = state.tokenizer;
  for (;;) {
    const auto step = tokenizer.step(state.source.window(), state.source.last());
    state.source.consume(step.consumed);
    switch (step.kind) {
      case Kind::kLayer:
        return Event{EventKind::kLayer, tokenizer.layer(), {}, 0, tokenizer.has_stamps()};
      case Kind::kEntries:
        return Event{EventKind::kEntries, tokenizer.layer(), tokenizer.entries(),
                     tokenizer.leading_integers(), tokenizer.has_stamps()};
      case Kind::kEnd:
        return Event{EventKind::kEnd, {}, {}, 0, tokenizer.has_stamps()};
      case Kind::kError:
        return fail(ErrorKind::kMalformed, tokenizer.fault(),
                    {state.source.name(), tokenizer.fault_line(), tokenizer.fault_byte()}, tokenizer.hint());
      case Kind::kNeedsMore:
        break;
    }
    if (auto more = state.source.refill(); !more) {
      state.fault = more.error();
      return tl::unexpected(more.error());
    }
  }
}

std::uint64_t LatencyLogReader::bytes_done() const {
  return state_->source.bytes_done();
}
std::uint64_t LatencyLogReader::bytes_total() const {
  return state_->source.bytes_total();
}

}  // namespace joulecast
