// The cut is a guess that proves itself. Behind the middle of the file the characters `]`, `]`, `,` and `"`
// are looked for, which in a log end one layer's list and begin the next one's name; they may stand inside a
// name as well. But if the first half, read from the file's begin, comes to its end between two layers, then
// that is how a reader of the whole file would have stood there, and the second half was read from where that
// reader would have gone on. Otherwise both are thrown away.
#include "raw_logs/latency_log_halves.h"

#include <array>
#include <atomic>
#include <cstring>
#include <unordered_set>
#include <vector>

#include "base/input_file.h"
#include "base/parallel.h"
#include "raw_logs/json_text.h"
#include "raw_logs/latency_log_builder.h"
#include "raw_logs/latency_tokenizer.h"
#include "raw_logs/window_source.h"

namespace joulecast {
namespace {

/// Looks for `]` `]` `,` `"`, white space between them or not, in pieces of a text.
class SeamFinder {
 public:
  /// The place of the quote in the next piece, or its size if it is not there.
  std::size_t find_in(std::string_view piece) {
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (brackets_ == 0) {
        i = piece.find(']', i);
        if (i == std::string_view::npos) return piece.size();
      }
      const char c = piece[i];
      if (json::is_space(c)) continue;
      if (comma_ && c == '"') return i;
      if (!comma_ && brackets_ >= 2 && c == ',') {
        comma_ = true;
        continue;
      }
      brackets_ = c != ']' ? 0 : comma_ ? 1 : brackets_ + 1;
      comma_ = false;
    }
    return piece.size();
  }

 private:
  std::size_t brackets_ = 0;  // seen in a row
  bool comma_ = false;        // and a comma behind them
};

/// Where a layer seems to begin behind the middle.
std::optional<std::uint64_t> find_seam(const std::filesystem::path& path, std::uint64_t size) {
  std::uint64_t at = size / 2;
  auto part = InputFile::open_part(path, at, size);
  if (!part) return std::nullopt;
  std::vector<char> buffer(64U << 10U);
  SeamFinder finder;
  for (;;) {
    const auto got = part->read(buffer);
    if (!got || *got == 0) return std::nullopt;
    const std::size_t found = finder.find_in({buffer.data(), *got});
    at += found;
    if (found < *got) return at;
  }
}

/// A part of a log while it is read.
class Half {
 public:
  /// `behind_layer`: it begins with a layer's name, behind another layer, and goes on to the log's end;
  /// otherwise it is the log's begin.
  Half(InputFile part, bool behind_layer)
      : builder_(part.name()), source_(std::move(part)), is_rest_(behind_layer) {
    if (behind_layer) tokenizer_.begin_behind_layer();
  }

  /// False if it is no such part of a log.
  bool read(const std::function<void(std::uint64_t bytes_done)>& progress) {
    using Kind = LatencyTokenizer::Kind;
    for (;;) {
      const auto step = tokenizer_.step(source_.window(), is_rest_ && source_.last());
      source_.consume(step.consumed);
      switch (step.kind) {
        case Kind::kLayer:
          builder_.begin_layer(tokenizer_.layer());
          continue;
        case Kind::kEntries:
          builder_.add({LatencyLogReader::EventKind::kEntries, tokenizer_.layer(), tokenizer_.entries(),
                        tokenizer_.leading_integers(), tokenizer_.has_stamps()});
          progress(source_.bytes_done());
          continue;
        case Kind::kEnd:
          return true;
        case Kind::kError:
          return false;
        case Kind::kNeedsMore:
          break;
      }
      if (source_.last()) return source_.window().empty() && tokenizer_.stands_before_layer();
      if (!source_.refill()) return false;
    }
  }

  [[nodiscard]] LatencyLog finish() { return builder_.finish(tokenizer_.has_stamps()); }

 private:
  LatencyLogBuilder builder_;
  WindowSource source_;
  LatencyTokenizer tokenizer_;
  bool is_rest_;
};

/// The two logs as one, if nothing ties them together.
std::optional<LatencyLog> join_halves(LatencyLog first, LatencyLog second) {
  if (!first.warnings.empty() || !second.warnings.empty()) return std::nullopt;
  if (!first.has_stamps || !second.has_stamps) return std::nullopt;
  std::unordered_set<std::string_view> names;
  for (const auto& layer : first.layers) names.insert(layer.name);
  for (const auto& layer : second.layers)
    if (names.contains(layer.name)) return std::nullopt;
  first.layers.insert(first.layers.end(), std::make_move_iterator(second.layers.begin()),
                      std::make_move_iterator(second.layers.end()));
  return first;
}

}  // namespace

std::optional<LatencyLog> read_latency_log_in_halves(const std::filesystem::path& path,
                                                     const ByteProgress& progress,
                                                     std::uint64_t least_bytes) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code)) return std::nullopt;  // a pipe is read once
  const auto whole = InputFile::open(path);
  if (!whole || !whole->is_plain() || whole->size_on_disk() < least_bytes) return std::nullopt;
  const std::uint64_t size = whole->size_on_disk();
  const auto seam = find_seam(path, size);
  if (!seam) return std::nullopt;
  auto begin = InputFile::open_part(path, 0, *seam);
  auto rest = InputFile::open_part(path, *seam, size);
  if (!begin || !rest) return std::nullopt;
  std::array<Half, 2> halves = {Half(std::move(*begin), false), Half(std::move(*rest), true)};
  std::array<bool, 2> is_part = {};
  std::atomic<std::uint64_t> rest_done{0};
  parallel_for(halves.size(), halves.size(), [&](std::size_t i) {
    is_part[i] = halves[i].read([&](std::uint64_t done) {
      if (i == 1) {
        rest_done = done;
      } else if (progress) {
        progress(done + rest_done, size);
      }
    });
  });
  if (!is_part[0] || !is_part[1]) return std::nullopt;
  auto log = join_halves(halves[0].finish(), halves[1].finish());
  if (log && progress) progress(size, size);
  return log;
}

}  // namespace joulecast
