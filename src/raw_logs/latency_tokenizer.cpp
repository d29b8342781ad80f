#include "raw_logs/latency_tokenizer.h"

#include <algorithm>
#include <cstring>

#include "raw_logs/decimal.h"

namespace joulecast {

using json::Status;

void LatencyTokenizer::Gap::learn(const char* begin, const char* end) {
  length = 0;
  if (begin == nullptr || end - begin > static_cast<std::ptrdiff_t>(kCapacity)) return;
  length = static_cast<std::size_t>(end - begin);
  std::copy(begin, end, bytes.begin());
  lines = static_cast<std::size_t>(std::count(begin, end, '\n'));
}

// Eight bytes at a time; the last eight overlap the ones before. A call of memcmp costs more than the whole
// gap.
inline bool LatencyTokenizer::Gap::stands_at(const char* at) const {
  const auto differs = [&](std::size_t offset) {
    std::uint64_t known = 0;
    std::uint64_t there = 0;
    std::memcpy(&known, bytes.data() + offset, 8);
    std::memcpy(&there, at + offset, 8);
    return known ^ there;
  };
  if (length < 8) {
    for (std::size_t i = 0; i < length; ++i) {
      if (bytes[i] != at[i]) return false;
    }
    return true;
  }
  std::uint64_t difference = differs(length - 8);
  for (std::size_t i = 0; i + 8 < length; i += 8) difference |= differs(i);
  return difference == 0;
}

LatencyTokenizer::Step LatencyTokenizer::step(std::string_view window, bool last) {
  if (batch_taken_) {
    batch_.clear();
    leading_integers_ = 0;
    batch_taken_ = false;
  }
  stamp_end_ = nullptr;
  number_end_ = nullptr;
  Cursor cursor{window.data(), window.data(), window.data() + window.size(), last};
  std::optional<Kind> kind;
  if (failed_) kind = Kind::kError;
  while (!kind) {
    if (expect_ == Expect::kEntryEnd && between_.length != 0 && within_.length != 0)
      take_entries_quickly(cursor);
    if (batch_.size() == kBatch) {
      kind = Kind::kEntries;
    } else {
      kind = take_token(cursor);
    }
  }
  // What was read before the window's end or a fault is handed out first; the next call comes back here.
  if ((*kind == Kind::kNeedsMore || *kind == Kind::kError) && !batch_.empty()) kind = Kind::kEntries;
  if (*kind == Kind::kEntries) batch_taken_ = true;
  const auto consumed = static_cast<std::size_t>(cursor.at - cursor.begin);
  consumed_ += consumed;
  return {*kind, consumed};
}

void LatencyTokenizer::push(LatencyEntry entry, bool integer) {
  if (integer && leading_integers_ == batch_.size()) ++leading_integers_;
  batch_.push_back(entry);
}

/// Whole entries, from behind one stamp's closing quote to behind the next one's, as long as they look like
/// the last. Stops, with nothing half taken, at anything else and near the window's end.
void LatencyTokenizer::take_entries_quickly(Cursor& cursor) {
  constexpr std::ptrdiff_t kReach = 2 * Gap::kCapacity + decimal::kPlainReach + kTimeStampLength + 1;
  const std::size_t lines = between_.lines + within_.lines;
  const char* at = cursor.at;
  while (cursor.end - at >= kReach && batch_.size() < kBatch) {
    if (!between_.stands_at(at)) break;
    LatencyEntry next;
    const char* behind = run_times_.parse(at + between_.length, next.milliseconds);
    if (behind == nullptr || !within_.stands_at(behind)) break;
    behind += within_.length;
    if (behind[kTimeStampLength] != '"' || !stamps_.parse_fixed(behind, next.completed)) break;
    push(pending_, pending_integer_);
    pending_ = next;
    pending_integer_ = false;
    line_ += lines;
    at = behind + kTimeStampLength + 1;
  }
  cursor.at = at;
  stamp_end_ = at;
}

void LatencyTokenizer::skip_space(Cursor& cursor) {
  for (; cursor.at != cursor.end && json::is_space(*cursor.at); ++cursor.at) {
    if (*cursor.at == '\n') ++line_;
  }
}

/// Takes one token, or tells why not.
std::optional<LatencyTokenizer::Kind> LatencyTokenizer::take_token(Cursor& cursor) {
  skip_space(cursor);
  if (cursor.at == cursor.end) {
    if (!cursor.last) return Kind::kNeedsMore;
    if (expect_ == Expect::kNothing) return Kind::kEnd;
    return wrong(cursor, cursor.end,
                 expect_ == Expect::kObject ? "the file is empty" : "the file ends too early",
                 "It was cut off: copy it again, or measure again");
  }
  switch (expect_) {
    case Expect::kFirstName:
      if (*cursor.at == '}') return take_mark(cursor);
      [[fallthrough]];
    case Expect::kName:
      return take_name(cursor);
    case Expect::kFirstEntry:
      if (*cursor.at == ']') return take_mark(cursor);
      [[fallthrough]];
    case Expect::kEntry:
      if (*cursor.at == '[') return take_mark(cursor);
      return take_number(cursor);
    case Expect::kMilliseconds:
      return take_number(cursor);
    case Expect::kStamp:
      return take_stamp(cursor);
    default:
      return take_mark(cursor);
  }
}

/// A punctuation mark that the grammar allows here.
std::optional<LatencyTokenizer::Kind> LatencyTokenizer::take_mark(Cursor& cursor) {
  const char mark = *cursor.at;
  std::optional<Kind> kind;
  if (expect_ == Expect::kObject && mark == '{') {
    expect_ = Expect::kFirstName;
  } else if (expect_ == Expect::kColon && mark == ':') {
    expect_ = Expect::kList;
  } else if (expect_ == Expect::kList && mark == '[') {
    expect_ = Expect::kFirstEntry;
    kind = Kind::kLayer;
  } else if ((expect_ == Expect::kEntry || expect_ == Expect::kFirstEntry) && mark == '[') {
    if (form_ == Form::kBare) return unexpected(cursor);
    form_ = Form::kPairs;
    expect_ = Expect::kMilliseconds;
  } else if (expect_ == Expect::kComma && mark == ',') {
    expect_ = Expect::kStamp;
  } else if (expect_ == Expect::kEntryEnd && mark == ']') {
    push(pending_, pending_integer_);
    expect_ = Expect::kAfterEntry;
  } else if (expect_ == Expect::kAfterEntry && mark == ',') {
    expect_ = Expect::kEntry;
  } else if ((expect_ == Expect::kAfterEntry || expect_ == Expect::kFirstEntry) && mark == ']') {
    expect_ = Expect::kAfterLayer;
    stamp_end_ = nullptr;  // what follows up to the next number is no gap within a list
    if (!batch_.empty()) kind = Kind::kEntries;
  } else if (expect_ == Expect::kAfterLayer && mark == ',') {
    expect_ = Expect::kName;
  } else if ((expect_ == Expect::kAfterLayer || expect_ == Expect::kFirstName) && mark == '}') {
    expect_ = Expect::kNothing;
  } else {
    return unexpected(cursor);
  }
  ++cursor.at;
  return kind;
}

std::optional<LatencyTokenizer::Kind> LatencyTokenizer::take_name(Cursor& cursor) {
  if (*cursor.at != '"') return unexpected(cursor);
  const json::Scan scan = json::scan_string(cursor.at + 1, cursor.end, text_);
  if (scan.status == Status::kNeedsMore) return cut(cursor, "inside a layer's name");
  if (scan.status == Status::kWrong) return wrong(cursor, scan.at, std::string(scan.message));
  std::swap(layer_, text_);
  cursor.at = scan.at;
  expect_ = Expect::kColon;
  return std::nullopt;
}

std::optional<LatencyTokenizer::Kind> LatencyTokenizer::take_number(Cursor& cursor) {
  if (!json::starts_number(*cursor.at)) return unexpected(cursor);
  const bool bare = expect_ != Expect::kMilliseconds;
  if (bare && form_ == Form::kPairs) return unexpected(cursor);
  json::Number number;
  const json::Scan scan = json::scan_number(cursor.at, cursor.end, cursor.last, number);
  if (scan.status == Status::kNeedsMore) return cut(cursor, "inside a number");
  if (scan.status == Status::kWrong) return wrong(cursor, scan.at, std::string(scan.message));
  if (bare) {
    form_ = Form::kBare;
    push({number.value, {}}, number.is_integer);
    expect_ = Expect::kAfterEntry;
  } else {
    if (stamp_end_ != nullptr) between_.learn(stamp_end_, cursor.at);
    pending_.milliseconds = number.value;
    pending_integer_ = number.is_integer;
    expect_ = Expect::kComma;
  }
  cursor.at = scan.at;
  number_end_ = scan.at;
  return std::nullopt;
}

std::optional<LatencyTokenizer::Kind> LatencyTokenizer::take_stamp(Cursor& cursor) {
  if (*cursor.at != '"') return unexpected(cursor);
  const json::Scan scan = json::scan_string(cursor.at + 1, cursor.end, text_);
  if (scan.status == Status::kNeedsMore) return cut(cursor, "inside a time stamp");
  if (scan.status == Status::kWrong) return wrong(cursor, scan.at, std::string(scan.message));
  const auto time = stamps_.parse(text_);
  if (!time) return wrong(cursor, cursor.at, time.error().message, time.error().hint);
  if (number_end_ != nullptr) within_.learn(number_end_, cursor.at + 1);
  pending_.completed = *time;
  cursor.at = scan.at;
  stamp_end_ = scan.at;
  expect_ = Expect::kEntryEnd;
  return std::nullopt;
}

/// A token goes on behind the window.
std::optional<LatencyTokenizer::Kind> LatencyTokenizer::cut(const Cursor& cursor, std::string_view where) {
  if (!cursor.last) return Kind::kNeedsMore;
  return wrong(cursor, cursor.end, "the file ends " + std::string(where),
               "It was cut off: copy it again, or measure again");
}

std::optional<LatencyTokenizer::Kind> LatencyTokenizer::wrong(const Cursor& cursor, const char* at,
                                                              std::string message, std::string hint) {
  failed_ = true;
  fault_byte_ = consumed_ + static_cast<std::uint64_t>(at - cursor.begin);
  fault_ = std::move(message);
  hint_ = hint.empty() ? "The log is damaged here: copy it again, or measure again" : std::move(hint);
  return Kind::kError;
}

/// Something else than the grammar wants stands here. Says so in the terms of a latency log.
std::optional<LatencyTokenizer::Kind> LatencyTokenizer::unexpected(const Cursor& cursor) {
  const char found = *cursor.at;
  const auto say = [&](std::string message, std::string hint = {}) {
    return wrong(cursor, cursor.at, std::move(message), std::move(hint));
  };
  const std::string pair = "an entry must be [milliseconds, \"time stamp\"]";
  switch (expect_) {
    case Expect::kObject:
      if (found == '\xef') return say("it begins with a byte-order mark", "Save it as UTF-8 without one");
      return say("not a latency log: expected '{'",
                 "A latency log is {\"layer\": [[ms, \"stamp\"], ...], ...}");
    case Expect::kFirstName:
    case Expect::kName:
      return say("expected a layer's name in double quotes");
    case Expect::kColon:
      return say("expected ':' behind a layer's name");
    case Expect::kList:
      return say("a layer's value must be a list of entries");
    case Expect::kFirstEntry:
    case Expect::kEntry:
      if (form_ != Form::kUnknown && (found == '[' || json::starts_number(found)))
        return say("entries with and without time stamps are mixed");
      return say(pair + " or a number");
    case Expect::kMilliseconds:
      return say(pair + ": expected a number");
    case Expect::kComma:
      return say(found == ']' ? pair + ": the time stamp is missing" : pair + ": expected ','");
    case Expect::kStamp:
      return say(pair + ": expected a time stamp in double quotes");
    case Expect::kEntryEnd:
      return say(found == ',' ? pair + ": more than two elements" : pair + ": expected ']'");
    case Expect::kAfterEntry:
      return say("expected ',' or ']' behind an entry");
    case Expect::kAfterLayer:
      return say("expected ',' or '}' behind a layer's list");
    case Expect::kNothing:
      break;
  }
  return say("something follows behind the end of the log");
}

}  // namespace joulecast
