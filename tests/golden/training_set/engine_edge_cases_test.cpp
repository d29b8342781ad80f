// The reference's edge cases of engine information: which layers give features, and which become rejects.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "base/input_file.h"
#include "joulecast/training_set.h"

namespace joulecast {
namespace {

/// The case's engine information as text.
std::string engine_text(const nlohmann::json& cases, std::string_view name) {
  for (const auto& entry : cases.at("cases")) {
    if (entry.at("name") == name)
      return entry.at("files").at("raw_data/net/trt_profiling/trt_engine_info.json");
  }
  ADD_FAILURE() << "no case " << name;
  return "";
}

/// "features" or the reason, by layer; layers of other types are left out; of a repeated name the last holds.
std::map<std::string, std::string> outcome_of(const std::string& text) {
  const auto network = parse_engine(text, "trt_engine_info.json");
  if (!network) return {{"", network.error().message}};
  std::map<std::string, std::string> outcome;
  for (const Layer& layer : network->layers) {
    const auto features = reference_features(layer);
    if (!features) {
      outcome[layer.name] = features.error().message;
    } else if (*features) {
      outcome[layer.name] = to_string((*features)->kind);
    }
  }
  return outcome;
}

TEST(GoldenEdgeCases, EnginesGiveFeaturesOrReasons) {
  const std::filesystem::path file = JOULECAST_SHARED_DIR "/golden/edge_cases.json.gz";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no shared data at " << file;
  auto text = read_whole_file(file);
  ASSERT_TRUE(text);
  // A lone surrogate stands for a raw byte in a latency log; strict JSON has no such thing.
  for (std::size_t at = text->find("\\udcff"); at != std::string::npos; at = text->find("\\udcff"))
    text->replace(at, 6, "\\u003f");
  const auto cases = nlohmann::json::parse(*text);
  using Outcome = std::map<std::string, std::string>;
  const Outcome good = {{"c", "convolutional"}};
  // Where an unused layer ends the reference, ours goes on.
  const std::pair<const char*, Outcome> expected[] = {
      {"engine_rank3", good},
      {"engine_rank1", good},
      {"engine_no_inputs_key", good},
      {"engine_empty_inputs", good},
      {"engine_null_kernel", good},
      {"engine_kernel_rank3", good},
      {"engine_stride_rank4", good},
      {"engine_dims_text", good},
      {"conv_asymmetric_padding", good},
      {"type_changed", good},
      {"duplicate_engine_name", {{"c", "dense"}}},
      {"engine_layer_strings", {}},
      {"engine_layer_without_type", {}},
      {"only_other_types", {}},
      {"engine_no_layers_key", {{"", "not engine information: no key Layers"}}},
      {"cut_engine", {{"", "JSON ends too early"}}},
      {"engine_dims_fraction", {{"c", "CaskConvolution layer: Dimensions holds 8.5, not a whole number"}}},
      {"dense_rank2", {{"g", "CaskGemmConvolution layer: its input has rank 2, not 4 (N,C,H,W)"}}},
      {"pool_with_kernel",
       {{"p", "CaskPooling layer: it has a Kernel, which the reference cannot read for pooling"}}},
      {"pool_without_stride", {{"p", "CaskPooling layer: no Stride"}}},
      {"conv_without_kernel", {{"c", "CaskConvolution layer: no Kernel"}}},
      {"conv_without_padding", {{"c", "CaskConvolution layer: no PrePadding"}}},
  };
  for (const auto& [name, outcome] : expected)
    EXPECT_EQ(outcome_of(engine_text(cases, name)), outcome) << name;
}

}  // namespace
}  // namespace joulecast
