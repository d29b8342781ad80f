// Every row of the reference's training CSVs: the same features from the same engines.
#include <gtest/gtest.h>

#include <algorithm>

#include <filesystem>
#include <map>

#include "base/csv.h"
#include "base/float_text.h"
#include "joulecast/training_set.h"

namespace joulecast {
namespace {

/// Layers by name; the last of a name wins, as in the reference.
std::map<std::string, Layer, std::less<>> layers_of(const std::filesystem::path& engine) {
  std::map<std::string, Layer, std::less<>> layers;
  auto network = read_engine(engine);
  if (!network) {
    ADD_FAILURE() << network.error().describe();
    return layers;
  }
  for (Layer& layer : network->layers) layers.insert_or_assign(layer.name, layer);
  return layers;
}

/// Rows compared.
std::size_t compare(const std::filesystem::path& csv, ReferenceKind kind,
                    const std::map<std::string, Layer, std::less<>>& layers) {
  auto reader = CsvReader::open(csv);
  if (!reader) {
    ADD_FAILURE() << reader.error().describe();
    return 0;
  }
  const auto names = reference_feature_names(kind);
  const auto header = reader->next();
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ((*header)[i], names[i]);
  const auto name_column =
      static_cast<std::size_t>(std::find(header->begin(), header->end(), "layer_name") - header->begin());
  if (name_column == header->size()) {
    ADD_FAILURE() << "no column layer_name";
    return 0;
  }
  std::size_t rows = 0;
  for (auto cells = reader->next(); cells && !cells->empty(); cells = reader->next(), ++rows) {
    const auto layer = layers.find((*cells)[name_column]);
    if (layer == layers.end()) {
      ADD_FAILURE() << csv << ": no layer " << (*cells)[name_column];
      continue;
    }
    const auto features = reference_features(layer->second);
    if (!features || !*features) {
      ADD_FAILURE() << csv << ": " << (features ? "no features" : features.error().describe());
      continue;
    }
    EXPECT_EQ((*features)->kind, kind);
    for (std::size_t i = 0; i < names.size(); ++i)
      EXPECT_EQ((*features)->values[i], parse_double((*cells)[i]))
          << csv << " " << layer->first << " " << names[i];
  }
  return rows;
}

TEST(GoldenFeatures, EqualTheReferenceInEveryRow) {
  const std::filesystem::path golden = JOULECAST_SHARED_DIR "/golden";
  if (!std::filesystem::exists(golden)) GTEST_SKIP() << "no shared data at " << golden;
  std::array<std::size_t, 3> rows{};
  for (const auto& network : std::filesystem::directory_iterator(golden / "training_data")) {
    const auto layers =
        layers_of(golden / "raw_data" / network.path().filename() / "trt_profiling/trt_engine_info.json");
    for (const ReferenceKind kind : kReferenceKinds) {
      const auto csv = network.path() / (std::string(to_string(kind)) + ".csv");
      if (std::filesystem::exists(csv)) rows[static_cast<std::size_t>(kind)] += compare(csv, kind, layers);
    }
  }
  EXPECT_EQ(rows[0], 137U);
  EXPECT_EQ(rows[1], 31U);
  EXPECT_EQ(rows[2], 102U);
}

}  // namespace
}  // namespace joulecast
