#include "networks/one_line_text.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include <fmt/format.h>
#include <simdjson.h>
#include <nlohmann/json.hpp>

namespace joulecast {
namespace {

using nlohmann::ordered_json;

// The form is made for eyes. A layer's line reads
//
//   Name: N, LayerType: T, Inputs: [ { Name: A, Location: Device, Dimensions: [1,3], Format/Datatype: F }],
//   Outputs: [ ... ], Key: value, Key: [1,2], Key: {"Type": "Half", "Count": 3}, Metadata: M
//
// where N, A and M are not quoted and may hold commas, braces and, in M, line breaks. So a name ends only
// where the next expected key begins, and a line that does not begin with "Name: " continues the one before.
// An engine built with layer_names_only has bare names instead.

constexpr std::string_view kLayers = "Layers:";
constexpr std::string_view kBindings = "Bindings:";
constexpr std::string_view kName = "Name: ";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// A place in one layer's text; every step either takes what it asks for or says no.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  [[nodiscard]] std::string_view rest() const { return rest_; }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  /// The text before `word`, which is taken too.
  std::optional<std::string_view> up_to(std::string_view word) {
    const std::size_t at = rest_.find(word);
    if (at == std::string_view::npos) return std::nullopt;
    return cut(at, word.size());
  }
  std::string_view cut(std::size_t length, std::size_t separator) {
    const std::string_view before = rest_.substr(0, length);
    rest_.remove_prefix(std::min(rest_.size(), length + separator));
    return before;
  }

 private:
  std::string_view rest_;
};

/// "1,64,7,7" without its brackets; an empty list for a scalar.
std::optional<ordered_json> integer_list(std::string_view text) {
  if (text.find_first_not_of("0123456789-, ") != std::string_view::npos) return std::nullopt;
  ordered_json list = ordered_json::array();
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    // Texts, because the JSON reader turns digits in quotes into numbers, and refuses what is none.
    if (const auto item = trimmed(text.substr(0, comma)); !item.empty()) list.push_back(std::string(item));
    text.remove_prefix(std::min(text.size(), comma + 1));
  }
  return list;
}

std::optional<ordered_json> tensor_list(Cursor& line) {
  ordered_json list = ordered_json::array();
  if (line.take("[]")) return list;
  if (!line.take("[")) return std::nullopt;
  while (line.take(" ") || line.take(", ") || line.take(",")) {
  }
  while (line.take("{ Name: ")) {
    auto name = line.up_to(", Dimensions: [");
    if (!name) return std::nullopt;
    if (const std::size_t location = name->rfind(", Location: "); location != std::string_view::npos)
      name = name->substr(0, location);
    const auto dimensions = line.up_to("]");
    if (!dimensions || !line.take(", Format/Datatype: ")) return std::nullopt;
    const auto numbers = integer_list(*dimensions);
    const auto format = line.up_to(" }");
    if (!numbers || !format) return std::nullopt;
    list.push_back(
        {{"Name", std::string(*name)}, {"Dimensions", *numbers}, {"Format/Datatype", std::string(*format)}});
    while (line.take(" ") || line.take(",")) {
    }
  }
  if (!line.take("]")) return std::nullopt;
  return list;
}

/// Where the next ", Key: " begins, or the end.
std::size_t next_key(std::string_view text) {
  for (std::size_t at = text.find(", "); at != std::string_view::npos; at = text.find(", ", at + 1)) {
    std::size_t end = at + 2;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0)) ++end;
    if (end > at + 2 && text.substr(end, 1) == ":") return at;
  }
  return text.size();
}

ordered_json attribute_value(Cursor& line, std::string_view key) {
  if (key == "Metadata") return std::string(line.cut(line.rest().size(), 0));
  const std::string_view value = trimmed(line.cut(next_key(line.rest()), 0));
  if (value.starts_with('[') && value.ends_with(']')) {
    if (auto list = integer_list(value.substr(1, value.size() - 2))) return *std::move(list);
  }
  if (value.starts_with('{')) {
    const auto shallow = [](int depth, ordered_json::parse_event_t, ordered_json&) { return depth < 4; };
    auto object = ordered_json::parse(value, shallow, false);
    if (!object.is_discarded()) return object;
  }
  return std::string(value);
}

std::optional<ordered_json> layer_from(std::string_view text) {
  Cursor line(text);
  ordered_json layer;
  if (!line.take(kName)) return std::nullopt;
  const auto name = line.up_to(", LayerType: ");
  if (!name) return std::nullopt;
  const auto type = line.up_to(", Inputs: ");
  if (!type) return std::nullopt;
  layer["Name"] = std::string(*name);
  layer["LayerType"] = std::string(*type);
  auto inputs = tensor_list(line);
  if (!inputs || !line.take(", Outputs: ")) return std::nullopt;
  auto outputs = tensor_list(line);
  if (!outputs) return std::nullopt;
  layer["Inputs"] = std::move(*inputs);
  layer["Outputs"] = std::move(*outputs);
  while (line.take(", ")) {
    const auto key = line.up_to(":");
    if (!key) return std::nullopt;
    line.take(" ");
    layer[std::string(*key)] = attribute_value(line, *key);
  }
  return layer;
}

/// Lines of the text grouped into layers.
class Grouper {
 public:
  Grouper(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  Expected<std::string> run() {
    std::uint64_t number = 0;
    while (!text_.empty()) {
      const std::size_t end = std::min(text_.find('\n'), text_.size());
      std::string_view line = text_.substr(0, end);
      text_.remove_prefix(std::min(text_.size(), end + 1));
      ++number;
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (auto ok = take(line, number); !ok) return tl::unexpected(ok.error());
    }
    if (auto ok = close_layer(); !ok) return tl::unexpected(ok.error());
    if (!seen_layers_)
      return fail(ErrorKind::kMalformed, "no layers", {source_, 1},
                  "Export the engine information again, best as JSON");
    return ordered_json{{"Layers", layers_}, {"Bindings", bindings_}}.dump();
  }

 private:
  Expected<void> take(std::string_view line, std::uint64_t number) {
    if (!simdjson::validate_utf8(line))
      return fail(ErrorKind::kMalformed, "not UTF-8", {source_, number},
                  "Export the engine information again, best as JSON");
    const std::string_view content = trimmed(line);
    if (content == kLayers || content == kBindings) {
      in_bindings_ = content == kBindings;
      seen_layers_ = seen_layers_ || !in_bindings_;
      return close_layer();
    }
    if (content.empty()) return {};
    if (in_bindings_) {
      bindings_.push_back(std::string(content));
    } else if (line.starts_with(kName)) {
      auto ok = close_layer();
      pending_ = line;
      pending_line_ = number;
      detailed_ = seen_layers_ = true;
      return ok;
    } else if (detailed_) {
      pending_ += '\n';
      pending_ += line;
    } else {
      layers_.push_back(std::string(content));
    }
    return {};
  }

  Expected<void> close_layer() {
    if (pending_.empty()) return {};
    auto layer = layer_from(pending_);
    if (!layer) {
      return fail(ErrorKind::kMalformed, "not a layer's line of the one-line text form",
                  {source_, pending_line_}, "Export the engine information again, best as JSON");
    }
    layers_.push_back(std::move(*layer));
    pending_.clear();
    return {};
  }

  std::string_view text_;
  std::string source_;
  ordered_json layers_ = ordered_json::array();
  ordered_json bindings_ = ordered_json::array();
  std::string pending_;
  std::uint64_t pending_line_ = 0;
  bool in_bindings_ = false, seen_layers_ = false, detailed_ = false;
};

}  // namespace

bool is_one_line_text(std::string_view text) {
  const std::string_view content = trimmed(text);
  return content.starts_with(kLayers) || content.starts_with(kName);
}

Expected<std::string> one_line_text_to_json(std::string_view text, std::string_view source) {
  return Grouper(text, source).run();
}

}  // namespace joulecast
