// JSON as text, written from front to back: for files whose bytes must not depend on a library's version.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace joulecast {

/// Appends a string with its quotes. Bytes that are no UTF-8 become U+FFFD, so that any reader takes the
/// file.
void append_json_string(std::string& to, std::string_view text);

/// Builds one JSON document. Members of objects and elements of arrays stand on lines of their own, indented
/// by two blanks, except inside a container begun as inline. Doubles are Python's repr (shortest decimal that
/// reads back the same). The caller nests begin and end correctly.
class JsonWriter {
 public:
  enum class Layout { kLines, kInline };
  /// Short for Layout::kInline: begin_array(JsonWriter::kInline).
  static constexpr Layout kInline = Layout::kInline;

  JsonWriter& begin_object(Layout layout = Layout::kLines);
  JsonWriter& end_object();
  JsonWriter& begin_array(Layout layout = Layout::kLines);
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth);
  /// NaN and infinities become null and are remembered in non_finite().
  JsonWriter& value(double number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& null();

  template <class T>
  JsonWriter& value(const std::optional<T>& item) {
    return item ? value(*item) : null();
  }
  /// An inline array.
  template <class T>
  JsonWriter& value(const std::vector<T>& items) {
    begin_array(Layout::kInline);
    for (const T& item : items) value(item);
    return end_array();
  }
  /// key(name).value(item)
  template <class T>
  JsonWriter& member(std::string_view name, const T& item) {
    key(name);
    return value(item);
  }

  /// Place of the first number that was NaN or infinite, such as "models[0].intercept".
  [[nodiscard]] const std::optional<std::string>& non_finite() const { return non_finite_; }
  /// The document so far, with a last line break.
  [[nodiscard]] std::string take();

 private:
  struct Level {
    bool is_array = false;
    bool is_inline = false;
    std::size_t count = 0;
    std::string key;
  };
  void begin_value();
  void begin(char bracket, bool is_array, Layout layout);
  void end(char bracket);
  void new_line();
  [[nodiscard]] std::string path() const;

  std::string text_;
  std::vector<Level> levels_;
  bool after_key_ = false;
  std::optional<std::string> non_finite_;
};

}  // namespace joulecast
