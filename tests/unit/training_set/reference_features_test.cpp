#include <gtest/gtest.h>

#include "joulecast/training_set.h"

namespace joulecast {
namespace {

using Features = std::vector<double>;

Features row_of(const ReferenceFeatures& features) {
  return {features.row().begin(), features.row().end()};
}

Layer layer_of(const std::string& type, const std::string& members, const std::string& in = "1,3,8,8",
               const std::string& out = "1,4,8,8") {
  const std::string text = R"({"Layers":[{"Name":"l","LayerType":")" + type +
                           R"(","Inputs":[{"Name":"i","Dimensions":[)" + in +
                           R"(]}],"Outputs":[{"Name":"o","Dimensions":[)" + out + "]}]" +
                           (members.empty() ? "" : "," + members) + "}]}";
  auto network = parse_engine(text, "engine.json");
  if (!network) {
    ADD_FAILURE() << network.error().describe();
    return {};
  }
  return network->layers[0];
}

const std::string kGeometry = R"("Kernel":[3,5],"PrePadding":[0,1],"PostPadding":[1,2],"Stride":[1,2])";

std::string reason(const Layer& layer) {
  const auto features = reference_features(layer);
  EXPECT_FALSE(features);
  if (features) return "";
  EXPECT_EQ(features.error().kind, ErrorKind::kUnfit);
  return features.error().message;
}

TEST(ReferenceFeatures, OfAConvolution) {
  const auto features = reference_features(layer_of("CaskConvolution", kGeometry, "2,3,9,8", "2,4,7,6"));
  ASSERT_TRUE(features);
  ASSERT_TRUE(*features);
  EXPECT_EQ((*features)->kind, ReferenceKind::kConvolutional);
  EXPECT_EQ(row_of(**features), (Features{2, 3, 9, 8, 4, 7, 6, 3, 5, 1, 3, 1, 2}));
}

TEST(ReferenceFeatures, OfPoolingTakeTheInputAsWindow) {
  const auto features = reference_features(
      layer_of("CaskPooling", R"("WindowSize":[2,2],"Stride":[2,3])", "1,4,8,9", "1,4,4,3"));
  ASSERT_TRUE(features && *features);
  EXPECT_EQ((*features)->kind, ReferenceKind::kPooling);
  EXPECT_EQ(row_of(**features), (Features{1, 4, 8, 9, 4, 4, 3, 8, 9, 2, 3}));
}

TEST(ReferenceFeatures, OfDenseIncludeTheBatch) {
  const auto features = reference_features(layer_of("CaskGemmConvolution", "", "2,64,1,1", "2,10,1,1"));
  ASSERT_TRUE(features && *features);
  EXPECT_EQ((*features)->kind, ReferenceKind::kDense);
  EXPECT_EQ(row_of(**features), (Features{2, 128, 20}));
}

TEST(ReferenceFeatures, OtherTypesHaveNone) {
  for (const char* type : {"Reformat", "CudnnPooling", "CublasConvolution", ""}) {
    const auto features = reference_features(layer_of(type, ""));
    ASSERT_TRUE(features) << type;
    EXPECT_FALSE(*features) << type;
  }
}

TEST(ReferenceFeatures, AStrideOfFourGivesItsFirstTwo) {
  const auto features = reference_features(layer_of(
      "CaskConvolution", R"("Kernel":[3,3],"PrePadding":[1,1],"PostPadding":[1,1],"Stride":[1,2,3,4])"));
  ASSERT_TRUE(features && *features);
  EXPECT_EQ((*features)->values[12], 2.0);
}

TEST(ReferenceFeatures, WhatTheReferenceDiesOfIsAReason) {
  EXPECT_EQ(reason(layer_of("CaskConvolution", R"("PrePadding":[1,1],"PostPadding":[1,1],"Stride":[1,1])")),
            "CaskConvolution layer: no Kernel");
  EXPECT_EQ(reason(layer_of("CaskConvolution", R"("Kernel":[3,3],"PostPadding":[1,1],"Stride":[1,1])")),
            "CaskConvolution layer: no PrePadding");
  EXPECT_EQ(reason(layer_of("CaskConvolution",
                            R"("Kernel":[1,2,3],"PrePadding":[1,1],"PostPadding":[1,1],"Stride":[1,1])")),
            "CaskConvolution layer: Kernel has 3 entries, not 2");
  EXPECT_EQ(reason(layer_of("CaskConvolution", R"("Kernel":null)")), "CaskConvolution layer: Kernel is null");
  EXPECT_EQ(reason(layer_of("CaskPooling", R"("WindowSize":[2,2])")), "CaskPooling layer: no Stride");
  EXPECT_EQ(reason(layer_of("CaskPooling", R"("Kernel":[2,2],"Stride":[2,2])")),
            "CaskPooling layer: it has a Kernel, which the reference cannot read for pooling");
  EXPECT_EQ(reason(layer_of("CaskGemmConvolution", "", "1,64", "1,10")),
            "CaskGemmConvolution layer: its input has rank 2, not 4 (N,C,H,W)");
  EXPECT_EQ(reason(layer_of("CaskGemmConvolution", "", "1,64,1", "1,10")),
            "CaskGemmConvolution layer: tensor i has rank 3, not 2 or 4");
  EXPECT_EQ(reason(layer_of("CaskGemmConvolution", "", "1,64,8.5,1", "1,10,1,1")),
            "CaskGemmConvolution layer: Dimensions holds 8.5, not a whole number");
}

TEST(ReferenceFeatures, ALayerWithoutTensorsIsRefused) {
  Layer layer;
  layer.type = "CaskConvolution";
  EXPECT_EQ(reason(layer), "CaskConvolution layer: no input");
}

TEST(ReferenceFeatures, NamesMatchTheNumberOfFeatures) {
  EXPECT_EQ(reference_feature_names(ReferenceKind::kConvolutional).size(), 13U);
  EXPECT_EQ(reference_feature_names(ReferenceKind::kPooling).size(), 11U);
  EXPECT_EQ(reference_feature_names(ReferenceKind::kDense).size(), 3U);
  EXPECT_EQ(to_string(ReferenceKind::kPooling), "pooling");
}

}  // namespace
}  // namespace joulecast
