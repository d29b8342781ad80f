// The grammar of a latency log as a resumable step over windows of its text.
//
// Why not simdjson: On-Demand needs every window to be a document of its own, so that a splitter has to find
// the list's borders first (one more pass over all bytes), then it indexes all structural characters, and
// then the numbers and stamps are parsed a third time, with UTF-8 checked over white space that makes up half
// of the file. A log has only one shape, so this tokenizer goes through the bytes once, remembers where in
// the grammar it stands (any cut is fine, between tokens or inside one), and is as strict; it accepts
// Python's NaN and Infinity too, which simdjson does not. simdjson and nlohmann-json serve as oracles in the
// tests.
//
// How it is quick: a file is written by one program, so the characters between the numbers and the stamps are
// the same throughout ("],\n        [\n            "). The general path goes token by token and learns these
// two gaps from each entry it takes; the fast path then compares whole gaps and parses whole entries.
// Whatever differs goes the general way, and the gaps are learned anew.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_stamp.h"
#include "joulecast/raw_logs.h"
#include "raw_logs/json_text.h"
#include "raw_logs/run_time_texts.h"

namespace joulecast {

class LatencyTokenizer {
 public:
  enum class Kind {
    kLayer,      ///< a layer's list begins; layer() is its name
    kEntries,    ///< entries(), at least one, of the current layer
    kNeedsMore,  ///< all was taken that can be: call again with the rest and what follows
    kEnd,        ///< the document is complete
    kError,      ///< fault() and fault_byte() tell; further calls return the same
  };
  struct Step {
    Kind kind = Kind::kNeedsMore;
    std::size_t consumed = 0;  ///< bytes of the window that are not needed again
  };

  LatencyTokenizer() { batch_.reserve(kBatch); }

  /// Before the first step: the text begins with a layer's name, behind another layer and its comma.
  void begin_behind_layer() { expect_ = Expect::kName; }
  /// Whether all so far ends behind a layer and its comma.
  [[nodiscard]] bool stands_before_layer() const { return expect_ == Expect::kName && !failed_; }

  /// Goes on in `window`, which begins where the last step stopped consuming. `last`: no bytes follow the
  /// window. Never returns kNeedsMore then.
  Step step(std::string_view window, bool last);

  [[nodiscard]] const std::string& layer() const { return layer_; }
  [[nodiscard]] std::span<const LatencyEntry> entries() const { return batch_; }
  /// How many of entries(), from the first on, have a time written as a JSON integer.
  [[nodiscard]] std::size_t leading_integers() const { return leading_integers_; }
  /// False if the file holds bare milliseconds. True as long as that is not known.
  [[nodiscard]] bool has_stamps() const { return form_ != Form::kBare; }

  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] const std::string& hint() const { return hint_; }
  [[nodiscard]] std::uint64_t fault_line() const { return line_; }  ///< from 1
  [[nodiscard]] std::uint64_t fault_byte() const { return fault_byte_; }

 private:
  static constexpr std::size_t kBatch = 4096;

  /// What the grammar expects next.
  enum class Expect : unsigned char {
    kObject,
    kFirstName,
    kName,
    kColon,
    kList,
    kFirstEntry,
    kEntry,
    kMilliseconds,
    kComma,
    kStamp,
    kEntryEnd,
    kAfterEntry,
    kAfterLayer,
    kNothing
  };
  enum class Form : unsigned char { kUnknown, kPairs, kBare };

  /// Characters between two values, learned from the file. Empty = not known.
  struct Gap {
    static constexpr std::size_t kCapacity = 64;
    std::array<char, kCapacity> bytes{};
    std::size_t length = 0;
    std::size_t lines = 0;
    void learn(const char* begin, const char* end);
    [[nodiscard]] bool stands_at(const char* at) const;
  };

  /// One window while a step goes through it.
  struct Cursor {
    const char* begin;
    const char* at;
    const char* end;
    bool last;
  };

  std::optional<Kind> take_token(Cursor& cursor);
  std::optional<Kind> take_mark(Cursor& cursor);
  std::optional<Kind> take_name(Cursor& cursor);
  std::optional<Kind> take_number(Cursor& cursor);
  std::optional<Kind> take_stamp(Cursor& cursor);
  void take_entries_quickly(Cursor& cursor);
  void skip_space(Cursor& cursor);
  void push(LatencyEntry entry, bool integer);
  std::optional<Kind> cut(const Cursor& cursor, std::string_view where);
  std::optional<Kind> wrong(const Cursor& cursor, const char* at, std::string message, std::string hint = {});
  std::optional<Kind> unexpected(const Cursor& cursor);

  Expect expect_ = Expect::kObject;
  Form form_ = Form::kUnknown;
  bool failed_ = false;
  bool batch_taken_ = false;  // the caller has seen the batch
  bool pending_integer_ = false;
  LatencyEntry pending_;  // between its number and its closing bracket
  std::vector<LatencyEntry> batch_;
  std::size_t leading_integers_ = 0;
  TimeStampParser stamps_;
  RunTimeTexts run_times_;
  Gap between_;                       // from behind a stamp's closing quote to the next number
  Gap within_;                        // from behind a number to behind the stamp's opening quote
  const char* stamp_end_ = nullptr;   // in this window; where `between_` would begin
  const char* number_end_ = nullptr;  // in this window; where `within_` would begin
  std::string layer_;
  std::string text_;
  std::uint64_t consumed_ = 0;  // bytes before the window
  std::uint64_t line_ = 1;
  std::uint64_t fault_byte_ = 0;
  std::string fault_;
  std::string hint_;
};

}  // namespace joulecast
