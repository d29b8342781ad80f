#include "datasets/sync_state.h"

#include <charconv>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "http/url.h"

namespace joulecast::datasets {
namespace {

constexpr std::string_view kFirstLine = "joulecast-sync 1";
constexpr std::uint64_t kLargestState = 1U << 30U;

std::string_view next_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

template <class Number>
bool take_figure(std::string_view word, Number& to) {
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), to);
  return code == std::errc() && end == word.data() + word.size();
}

std::string text_or_dash(const std::string& text) {
  return text.empty() ? "-" : http::percent_encoded(text, true);
}
std::string text_of(std::string_view word) {
  return word == "-" ? std::string() : http::percent_decoded(word);
}

/// size, time, inode, md5, base, tag, path: the path last, "." for a dataset of one file.
bool take_line(std::string_view line, SyncState& state) {
  SyncEntry entry;
  if (!take_figure(next_word(line), entry.fingerprint.bytes) ||
      !take_figure(next_word(line), entry.fingerprint.changed_ns) ||
      !take_figure(next_word(line), entry.fingerprint.inode))
    return false;
  entry.md5 = text_of(next_word(line));
  entry.base = text_of(next_word(line));
  entry.base_tag = text_of(next_word(line));
  if (line.empty()) return false;
  state.entries.emplace_hint(state.entries.end(), line == "." ? std::string() : http::percent_decoded(line),
                             std::move(entry));
  return true;
}

}  // namespace

SyncState load_sync_state(const std::filesystem::path& file) {
  const auto text = read_whole_file(file, kLargestState);
  if (!text) return {};
  std::string_view rest = *text;
  SyncState state;
  const auto next_line = [&] {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
  };
  if (next_line() != kFirstLine) return {};
  state.remote = text_of(next_line());
  state.revision = text_of(next_line());
  state.hash = next_line() == "md5" ? HashKind::kMd5 : HashKind::kMd5Dos2Unix;
  while (!rest.empty())
    if (!take_line(next_line(), state)) return {};
  return state;
}

Expected<void> save_sync_state(const SyncState& state, const std::filesystem::path& file) {
  std::string text =
      fmt::format("{}\n{}\n{}\n{}\n", kFirstLine, text_or_dash(state.remote), text_or_dash(state.revision),
                  state.hash == HashKind::kMd5 ? "md5" : "md5-dos2unix");
  for (const auto& [path, entry] : state.entries) {
    text += fmt::format("{} {} {} {} {} {} {}\n", entry.fingerprint.bytes, entry.fingerprint.changed_ns,
                        entry.fingerprint.inode, text_or_dash(entry.md5), text_or_dash(entry.base),
                        text_or_dash(entry.base_tag), path.empty() ? "." : http::percent_encoded(path, true));
  }
  return write_file_atomically(file, text);
}

}  // namespace joulecast::datasets
