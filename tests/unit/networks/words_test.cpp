#include <gtest/gtest.h>

#include "joulecast/networks.h"
#include "networks/format_words.h"

namespace joulecast {
namespace {

LayerKind kind_of(const std::string& type) {
  Layer layer;
  layer.type = type;
  return classify(layer);
}

Tensor tensor(std::vector<std::int64_t> dimensions, bool constant = false) {
  Tensor made;
  made.dimensions = std::move(dimensions);
  made.is_constant = constant;
  return made;
}

TEST(EqualIgnoringCase, FoldsEveryCapitalLetterOfAsciiAndNothingElse) {
  for (const std::size_t length : {1U, 7U, 8U, 9U, 16U, 19U}) {
    for (std::size_t at = 0; at < length; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        for (const char other : {'a', 'z', 'm', '[', '{', '@', '`', '_', '\x7f', '0', ' ', '\xe4', '\xc4'}) {
          std::string text(length, 'Q');
          std::string lower(length, 'q');
          text[at] = static_cast<char>(byte);
          lower[at] = other;
          const bool capital = byte >= 'A' && byte <= 'Z';
          EXPECT_EQ(equal_ignoring_case(text, lower), static_cast<char>(capital ? byte + 32 : byte) == other)
              << "length " << length << ", byte " << byte << " at " << at << " beside " << other;
        }
      }
    }
  }
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("name", "names"));
}

TEST(DataTypeWords, ProseBeforeTensorRt10) {
  EXPECT_EQ(type_of_format("Row major linear FP32"), DataType::kFp32);
  EXPECT_EQ(type_of_format("Channel major FP16 format where channel % 8 == 0"), DataType::kFp16);
  EXPECT_EQ(type_of_format("Thirty-two wide channel vectorized row major Int8 format"), DataType::kInt8);
  EXPECT_EQ(type_of_format("Row major linear Int32"), DataType::kInt32);
  EXPECT_EQ(type_of_format("Row major linear BOOL"), DataType::kBool);
}

TEST(DataTypeWords, SingleWordsOfTensorRt10) {
  EXPECT_EQ(type_of_format("Float"), DataType::kFp32);
  EXPECT_EQ(type_of_format("Half"), DataType::kFp16);
  EXPECT_EQ(type_of_format("BFloat16"), DataType::kBf16);
  EXPECT_EQ(type_of_format("UInt8"), DataType::kUint8);
  EXPECT_EQ(type_of_format("FP8"), DataType::kFp8);
  EXPECT_EQ(type_of_format("Int64"), DataType::kInt64);
  EXPECT_EQ(type_of_format("Int4"), DataType::kInt4);
}

TEST(DataTypeWords, UnknownWhereNoneIsNamed) {
  EXPECT_EQ(type_of_format("N/A due to dynamic shapes"), DataType::kUnknown);
  EXPECT_EQ(type_of_format(""), DataType::kUnknown);
}

TEST(DataTypeNames, GoThereAndBack) {
  for (const char* name :
       {"", "fp32", "fp16", "bf16", "fp8", "int8", "uint8", "int4", "int32", "int64", "bool"}) {
    const auto type = data_type_from(name);
    ASSERT_TRUE(type) << name;
    EXPECT_EQ(to_string(*type), name);
  }
  EXPECT_EQ(data_type_from("double"), std::nullopt);
}

TEST(DataTypeSizes, AreInBytes) {
  EXPECT_EQ(bytes_per_element(DataType::kFp16), 2.0);
  EXPECT_EQ(bytes_per_element(DataType::kInt4), 0.5);
  EXPECT_EQ(bytes_per_element(DataType::kUnknown), 0.0);
}

TEST(LayerKindNames, GoThereAndBack) {
  for (const char* name : {"convolutional", "dense", "matmul", "pooling", "elementwise", "reformat",
                           "normalisation", "softmax", "resize", "reduce", "other", "none"}) {
    const auto kind = layer_kind_from(name);
    ASSERT_TRUE(kind) << name;
    EXPECT_EQ(to_string(*kind), name);
  }
  EXPECT_EQ(layer_kind_from("conv"), std::nullopt);
}

TEST(LayerKinds, ConvolutionsOfEveryFamily) {
  for (const char* type :
       {"CaskConvolution", "CudnnConvolution", "CudaDepthwiseConvolution", "FusedConvActConvolution",
        "CaskJitConvolution", "ConvActPool", "Conv", "Deconvolution", "CaskDeconvolutionV2"})
    EXPECT_EQ(kind_of(type), LayerKind::kConvolutional) << type;
}

TEST(LayerKinds, DenseLayers) {
  for (const char* type :
       {"CaskGemmConvolution", "CublasConvolution", "FullyConnected", "CaskFullyConnected"})
    EXPECT_EQ(kind_of(type), LayerKind::kDense) << type;
}

TEST(LayerKinds, TheRestByName) {
  EXPECT_EQ(kind_of("MatrixMultiply"), LayerKind::kMatmul);
  EXPECT_EQ(kind_of("CudnnPooling"), LayerKind::kPooling);
  EXPECT_EQ(kind_of("CaskSoftMaxV2"), LayerKind::kSoftmax);
  EXPECT_EQ(kind_of("Normalization"), LayerKind::kNormalisation);
  EXPECT_EQ(kind_of("Resize"), LayerKind::kResize);
  EXPECT_EQ(kind_of("Reduce"), LayerKind::kReduce);
  EXPECT_EQ(kind_of("Concat"), LayerKind::kReformat);
  EXPECT_EQ(kind_of("PluginV2"), LayerKind::kOther);
  EXPECT_EQ(kind_of("Myelin"), LayerKind::kOther);
  EXPECT_EQ(kind_of("TrainStation"), LayerKind::kOther);
  EXPECT_EQ(kind_of(""), LayerKind::kOther);
}

TEST(LayerKinds, GemmOfTwoActivationsIsAMatmul) {
  Layer gemm;
  gemm.type = "gemm";
  gemm.inputs = {tensor({1, 197, 64}), tensor({1, 64, 197})};
  EXPECT_EQ(classify(gemm), LayerKind::kMatmul);
  gemm.inputs[1].is_constant = true;
  EXPECT_EQ(classify(gemm), LayerKind::kDense);
}

TEST(LayerKinds, AResidualAddedToAGemmIsNoOperand) {
  Layer gemm;
  gemm.type = "gemm";
  gemm.inputs = {tensor({1, 3072}), tensor({1, 768})};
  EXPECT_EQ(classify(gemm), LayerKind::kDense);
}

TEST(LayerKinds, AnOperandThatNothingMakesIsAConstant) {
  const auto network = parse_engine(R"({"Layers":[
    {"Name":"a","LayerType":"kgen","Inputs":[{"Name":"x","Dimensions":[4,4]}],"Outputs":[{"Name":"p","Dimensions":[4,4]},{"Name":"q","Dimensions":[4,4]}]},
    {"Name":"b","LayerType":"gemm","Inputs":[{"Name":"p","Dimensions":[4,4]},{"Name":"w","Dimensions":[4,4]}],"Outputs":[{"Name":"r","Dimensions":[4,4]}]},
    {"Name":"c","LayerType":"gemm","Inputs":[{"Name":"p","Dimensions":[4,4]},{"Name":"q","Dimensions":[4,4]}],"Outputs":[{"Name":"y","Dimensions":[4,4]}]}],
    "Bindings":["x","y"]})",
                                    "e");
  ASSERT_TRUE(network);
  EXPECT_EQ(network->layers[1].kind, LayerKind::kDense);
  EXPECT_EQ(network->layers[2].kind, LayerKind::kMatmul);
}

}  // namespace
}  // namespace joulecast
