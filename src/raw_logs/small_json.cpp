#include "raw_logs/small_json.h"

#include "base/input_file.h"
#include "base/utf8.h"

namespace joulecast::json {
namespace {

/// Recursive descent over a complete text. The first fault is kept; all functions return false from then on.
class Parser {
 public:
  explicit Parser(std::string_view text) : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  bool document(Value& value) {
    if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(kByteOrderMark))
      return wrong(at_, "it begins with a byte-order mark");
    if (!parse_value(value, 0)) return false;
    skip_space();
    return at_ == end_ || wrong(at_, "something follows behind the end of the JSON text");
  }
  [[nodiscard]] Location place(const std::string& file) const {
    return {file, line_, static_cast<std::uint64_t>(fault_at_ - begin_)};
  }
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  static constexpr int kDeepest = 200;

  void skip_space() {
    for (; at_ != end_ && is_space(*at_); ++at_) line_ += *at_ == '\n' ? 1U : 0U;
  }
  bool wrong(const char* at, std::string_view message) {
    fault_at_ = at;
    fault_ = message;
    return false;
  }
  /// Skips white space; then a character must be there.
  bool something() {
    skip_space();
    return at_ != end_ || wrong(end_, begin_ == end_ ? "the file is empty" : "the file ends too early");
  }
  bool took(const Scan& scan) {
    if (scan.status == Status::kNeedsMore) return wrong(end_, "the file ends too early");
    if (scan.status == Status::kWrong) return wrong(scan.at, scan.message);
    at_ = scan.at;
    return true;
  }

  bool parse_value(Value& value, int depth) {
    if (depth > kDeepest) return wrong(at_, "nested too deeply");
    if (!something()) return false;
    value.line = line_;
    value.byte = static_cast<std::uint64_t>(at_ - begin_);
    switch (*at_) {
      case '{':
        value.kind = Value::Kind::kObject;
        return parse_members(value, '}', depth);
      case '[':
        value.kind = Value::Kind::kList;
        return parse_members(value, ']', depth);
      case '"':
        value.kind = Value::Kind::kString;
        return took(scan_string(at_ + 1, end_, value.text));
      case 't':
        return word("true", value, Value::Kind::kBoolean);
      case 'f':
        return word("false", value, Value::Kind::kBoolean);
      case 'n':
        return word("null", value, Value::Kind::kNull);
      default:
        break;
    }
    if (!starts_number(*at_)) return wrong(at_, "expected a value");
    value.kind = Value::Kind::kNumber;
    return took(scan_number(at_, end_, true, value.number));
  }

  bool word(std::string_view text, Value& value, Value::Kind kind) {
    value.kind = kind;
    if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, text.size()) != text)
      return wrong(at_, "expected a value");
    at_ += text.size();
    return true;
  }

  /// The members of a list or an object, whose opening bracket stands here.
  bool parse_members(Value& value, char closing, int depth) {
    ++at_;
    if (!something()) return false;
    if (*at_ == closing) return ++at_, true;
    for (;;) {
      if (closing == '}' && !parse_name(value)) return false;
      value.items.emplace_back();
      if (!parse_value(value.items.back(), depth + 1) || !something()) return false;
      const char mark = *at_;
      if (mark != ',' && mark != closing)
        return wrong(at_, closing == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
      ++at_;
      if (mark == closing) return true;
    }
  }

  bool parse_name(Value& value) {
    if (!something()) return false;
    if (*at_ != '"') return wrong(at_, "expected a name in double quotes");
    value.names.emplace_back();
    if (!took(scan_string(at_ + 1, end_, value.names.back())) || !something()) return false;
    if (*at_ != ':') return wrong(at_, "expected ':'");
    ++at_;
    return true;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  std::uint64_t line_ = 1;
  const char* fault_at_ = nullptr;
  std::string fault_;
};

}  // namespace

const Value* Value::find(std::string_view name) const {
  for (std::size_t i = names.size(); i-- > 0;) {
    if (names[i] == name) return &items[i];
  }
  return nullptr;
}

Expected<Value> parse(std::string_view text, const std::string& file, const std::string& hint) {
  Parser parser(text);
  Value value;
  if (!parser.document(value)) return fail(ErrorKind::kMalformed, parser.fault(), parser.place(file), hint);
  return value;
}

Expected<Value> read(const std::filesystem::path& path, const std::string& hint, std::uint64_t limit) {
  const auto text = read_whole_file(path, limit);
  if (!text) return tl::unexpected(text.error());
  return parse(*text, path.string(), hint);
}

}  // namespace joulecast::json
