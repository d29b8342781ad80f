// The readers on every tiny case that the reference was run on: they must fail where its log readers fail,
// and only there. (Ours refuse null run times and short lines as faults of one network, where the reference
// ends.)
#include <filesystem>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "joulecast/raw_logs.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

/// The cases; the raw byte 0xff stands in them as the escape \udcff, which is no character.
nlohmann::json load_cases() {
  auto text = read_whole_file(fs::path(JOULECAST_SOURCE_DIR) / "tests/data/golden/edge_cases.json.gz");
  EXPECT_TRUE(text);
  for (std::size_t at = 0; (at = text->find("\\udcff", at)) != std::string::npos;)
    text->replace(at, 6, "\\u0001");
  return nlohmann::json::parse(*text).at("cases");
}

void write_inputs(const nlohmann::json& files, const fs::path& folder) {
  for (const auto& [name, content] : files.items()) {
    if (!name.starts_with("raw_data/")) continue;
    auto text = content.get<std::string>();
    for (char& c : text) c = c == '\x01' ? '\xff' : c;
    ASSERT_TRUE(write_file_atomically(folder / name, text));
  }
}

std::string first_words(const Error& error) {
  return error.message + " @" + std::to_string(error.location.line);
}

/// What the readers say of one case's network: "" if they take all of it.
std::string outcome(const fs::path& raw_data) {
  const auto data = list_raw_data(raw_data);
  if (!data) return "folder: " + first_words(data.error());
  EXPECT_EQ(data->networks.size(), 1U);
  const NetworkFolder& network = data->networks.at(0);
  std::string text;
  const auto idle = read_idle_power(data->idle_power);
  if (!idle) text += "idle: " + first_words(idle.error());
  if (network.latency_log.empty()) {
    text += "no latency log";
  } else if (const auto latencies = read_latency_log(network.latency_log); !latencies) {
    text += "latency: " + first_words(latencies.error());
  } else if (!latencies->has_stamps) {
    text += "latency: no stamps";
  }
  if (network.power_log.empty()) {
    text += "no power log";
  } else if (const auto power = read_power_log(network.power_log); !power) {
    text += "power: " + first_words(power.error());
  }
  if (network.engine.empty()) text += "no engine";
  return text;
}

const std::map<std::string, std::string> kFaults = {
    {"no_fraction", "power: \"20241121-10:00:00\" is no time stamp: it has no fraction of a second @1"},
    {"seven_digits",
     "power: \"20241121-10:00:00.1234567\" is no time stamp: its fraction is not 1 to 6 digits @1"},
    {"blank_line_in_log", "power: a blank line @41"},
    {"header_in_log", "power: \"timestamp\" is no time stamp: it is not of this form @1"},
    {"bad_number_in_log", "power: \"abc\" is not a number @5"},
    {"short_line_in_log", "power: a line of fewer than three fields @5"},
    {"cut_last_line", "power: \"20241121-10:0\" is no time stamp: it is not of this form @41"},
    {"empty_log", "power: the power log has no row @0"},
    {"missing_log", "no power log"},
    {"missing_latency", "no latency log"},
    {"missing_engine", "no engine"},
    {"cut_latency", "latency: the file ends inside a time stamp @49"},
    {"latency_bad_pair",
     "latency: an entry must be [milliseconds, \"time stamp\"]: the time stamp is missing @1"},
    {"latency_null_time", "latency: an entry must be [milliseconds, \"time stamp\"]: expected a number @1"},
    {"latency_only_numbers", "latency: no stamps"},
    {"latency_bad_stamp", "latency: \"2024-11-21 10:00:00.1\" is no time stamp: it is not of this form @1"},
    {"bad_utf8_latency", "latency: invalid UTF-8 @2"},
    {"bom_latency", "latency: it begins with a byte-order mark @1"},
    {"idle_missing_key", "idle: there is no avg_idle_power @1"},
};

TEST(EdgeCases, AreTakenAndRefusedAsInTheReference) {
  const test::TemporaryFolder folder;
  const fs::path& root = folder.path();
  std::size_t seen = 0;
  for (const auto& edge_case : load_cases()) {
    const auto name = edge_case.at("name").get<std::string>();
    write_inputs(edge_case.at("files"), root / name);
    const auto expected = kFaults.find(name);
    EXPECT_EQ(outcome(root / name / "raw_data"), expected == kFaults.end() ? "" : expected->second) << name;
    seen += expected == kFaults.end() ? 0U : 1U;
  }
  EXPECT_EQ(seen, kFaults.size());
}

TEST(EdgeCases, GiveTheDoubtsAndFormsThatTheOutputDependsOn) {
  const test::TemporaryFolder folder;
  const fs::path& root = folder.path();
  std::map<std::string, std::string> found;
  for (const auto& edge_case : load_cases()) {
    const auto name = edge_case.at("name").get<std::string>();
    if (kFaults.contains(name)) continue;
    write_inputs(edge_case.at("files"), root / name);
    const auto data = list_raw_data(root / name / "raw_data");
    ASSERT_TRUE(data);
    std::vector<Warning> warnings;
    ASSERT_TRUE(read_power_log(data->networks.at(0).power_log, &warnings));
    const auto log = read_latency_log(data->networks[0].latency_log);
    std::string text;
    for (const auto& list : {data->warnings, data->networks[0].warnings,
                             read_idle_power(data->idle_power)->warnings, warnings, log->warnings}) {
      for (const Warning& warning : list)
        text += "[" + warning.message + " x" + std::to_string(warning.count) + "]";
    }
    bool all_integers = !log->layers.empty() && log->cycles() != 0;
    for (const auto& layer : log->layers)
      all_integers = all_integers && layer.leading_integers == layer.entries.size();
    if (all_integers) text += "[integers]";
    if (!text.empty()) found[name] = text;
  }
  const std::map<std::string, std::string> expected = {
      {"all_integer_ms", "[integers]"},
      {"integer_ms", "[a run time is longer than a minute (first: entry 2 of layer 'p') x1]"},
      {"short_fraction", "[integers]"},
      {"duplicate_latency_key", "[a layer's name is repeated: its last list counts x1]"},
      {"nan_in_log", "[a power sample is NaN or infinite x1]"},
      {"unsorted_log", "[time stamps go back x2]"},
      {"negative_ms", "[a run time is negative (first: entry 1 of layer 'c') x1]"},
      {"idle_nan", "[the idle power is NaN or infinite x1]"},
      {"stray_file_raw", "[a file that belongs to no network is ignored x1]"},
      {"dotted_model_name_stem_log",
       "[there is no squeezenet1.1_power_log.log: took squeezenet1_power_log.log, the name cut at its dot "
       "x1]"},
  };
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace joulecast
