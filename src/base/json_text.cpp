#include "base/json_text.h"

#include <cmath>

#include <fmt/format.h>

#include "base/float_text.h"
#include "base/utf8.h"

namespace joulecast {
void append_json_string(std::string& to, std::string_view text) {
  to += '"';
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = first_utf8_character(text.substr(at));
    const char first = text[at];
    if (character.status != Utf8Status::kFound) {
      to += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    if (first == '"' || first == '\\') {
      to += '\\';
      to += first;
    } else if (first == '\n') {
      to += "\\n";
    } else if (first == '\t') {
      to += "\\t";
    } else if (static_cast<unsigned char>(first) < 0x20U) {
      to += fmt::format("\\u{:04x}", static_cast<unsigned>(first));
    } else {
      to += text.substr(at, character.bytes);
    }
    at += character.bytes;
  }
  to += '"';
}

void JsonWriter::new_line() {
  text_ += '\n';
  text_.append(2 * levels_.size(), ' ');
}

void JsonWriter::begin_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) return;
  Level& level = levels_.back();
  if (level.count++ != 0) text_ += level.is_inline ? ", " : ",";
  if (!level.is_inline) new_line();
}

JsonWriter& JsonWriter::key(std::string_view name) {
  begin_value();
  levels_.back().key = name;
  append_json_string(text_, name);
  text_ += ": ";
  after_key_ = true;
  return *this;
}

void JsonWriter::begin(char bracket, bool is_array, Layout layout) {
  begin_value();
  const bool is_inline = layout == Layout::kInline || (!levels_.empty() && levels_.back().is_inline);
  levels_.push_back({is_array, is_inline, 0, {}});
  text_ += bracket;
}

void JsonWriter::end(char bracket) {
  const Level level = std::move(levels_.back());
  levels_.pop_back();
  if (!level.is_inline && level.count != 0) new_line();
  text_ += bracket;
}

JsonWriter& JsonWriter::begin_object(Layout layout) {
  begin('{', false, layout);
  return *this;
}
JsonWriter& JsonWriter::end_object() {
  end('}');
  return *this;
}
JsonWriter& JsonWriter::begin_array(Layout layout) {
  begin('[', true, layout);
  return *this;
}
JsonWriter& JsonWriter::end_array() {
  end(']');
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  begin_value();
  append_json_string(text_, text);
  return *this;
}

JsonWriter& JsonWriter::value(bool truth) {
  begin_value();
  text_ += truth ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  begin_value();
  if (std::isfinite(number)) {
    append_float(text_, number);
  } else {
    text_ += "null";
    if (!non_finite_) non_finite_ = path();
  }
  return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
  begin_value();
  text_ += std::to_string(number);
  return *this;
}

JsonWriter& JsonWriter::null() {
  begin_value();
  text_ += "null";
  return *this;
}

std::string JsonWriter::path() const {
  std::string path;
  for (const Level& level : levels_) {
    if (level.is_array) {
      path += fmt::format("[{}]", level.count - 1);
    } else {
      if (!path.empty()) path += '.';
      path += level.key;
    }
  }
  return path;
}

std::string JsonWriter::take() {
  text_ += '\n';
  return std::move(text_);
}

}  // namespace joulecast
