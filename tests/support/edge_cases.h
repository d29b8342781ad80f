// The 86 tiny cases of tests/data/golden/edge_cases.json.gz: input files, and what the reference did with
// them.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/golden_files.h"

namespace joulecast::test {

struct EdgeCase {
  std::string name;
  std::map<std::string, std::string> files;  ///< by path, raw_data/... and preprocessed_data/...
  std::uint64_t gate = 10;
  bool attribute_died = false;                 ///< the reference's first program ended with an exception
  bool convert_died = false;                   ///< the second did
  std::map<std::string, std::string> outputs;  ///< by path; a path that ends in '/' is an empty folder
};

inline std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

inline std::vector<EdgeCase> read_edge_cases() {
  // A lone surrogate stands for the byte 0xff; JSON parsers refuse it, so it becomes a private character
  // first.
  const std::string text =
      replace_all(file_text(data_dir() / "golden" / "edge_cases.json.gz"), "\\udcff", "\\ue0ff");
  const auto raw = [](const nlohmann::json& value) {
    return replace_all(value.get<std::string>(), "\xEE\x83\xBF", "\xFF");
  };
  std::vector<EdgeCase> cases;
  const auto document = nlohmann::json::parse(text);
  for (const auto& from : document.at("cases")) {
    EdgeCase to;
    to.name = from.at("name").get<std::string>();
    for (const auto& [path, content] : from.at("files").items()) to.files[path] = raw(content);
    if (!from.at("per_layer_measurements").is_null()) {
      to.gate = from.at("per_layer_measurements").get<std::uint64_t>();
    }
    const auto died = [&from](const char* program) {
      return from.contains(program) && from.at(program).is_object() && from.at(program).at("exit") != 0;
    };
    to.attribute_died = died("map_power_to_layers");
    to.convert_died = died("convert_measurements");
    for (const auto& [path, content] : from.at("outputs").items()) {
      to.outputs[path] = content.is_null() ? "" : raw(content);
    }
    cases.push_back(std::move(to));
  }
  return cases;
}

}  // namespace joulecast::test
