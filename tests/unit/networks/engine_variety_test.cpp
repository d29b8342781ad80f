// One test for each distinct shape of layer information in tests/data/engine_variety.
#include <gtest/gtest.h>

#include "joulecast/networks.h"

namespace joulecast {
namespace {

using Numbers = std::vector<std::int64_t>;

Network read(const std::string& file) {
  auto network = read_engine(std::string(JOULECAST_SOURCE_DIR "/tests/data/engine_variety/") + file);
  if (!network) {
    ADD_FAILURE() << network.error().describe();
    return {};
  }
  return *std::move(network);
}

/// The only layer of an excerpt, which must be without fault.
Layer layer_of(const std::string& file) {
  const Network network = read(file);
  if (network.layers.size() != 1) {
    ADD_FAILURE() << file << " has " << network.layers.size() << " layers";
    return {};
  }
  EXPECT_EQ(network.layers[0].faults, std::vector<std::string>{}) << file;
  return network.layers[0];
}

TEST(EngineVariety, ConvolutionOfTensorRt84) {
  const Layer layer = layer_of("01_CaskConvolution_fp16_trt84.json");
  EXPECT_EQ(layer.name, "Conv_0 + Relu_1");
  EXPECT_EQ(layer.type, "CaskConvolution");
  EXPECT_EQ(layer.kind, LayerKind::kConvolutional);
  EXPECT_EQ(layer.inputs[0].dimensions, (Numbers{32, 3, 224, 224}));
  EXPECT_EQ(layer.inputs[0].type, DataType::kFp16);
  EXPECT_EQ(layer.outputs[0].dimensions, (Numbers{32, 64, 112, 112}));
  EXPECT_EQ(layer.kernel, (Numbers{7, 7}));
  EXPECT_EQ(layer.stride, (Numbers{2, 2}));
  EXPECT_EQ(layer.pre_padding, (Numbers{3, 3}));
  EXPECT_EQ(layer.post_padding, (Numbers{3, 3}));
  EXPECT_EQ(layer.dilation, (Numbers{1, 1}));
  EXPECT_EQ(layer.padding_mode, "kEXPLICIT_ROUND_DOWN");
  EXPECT_EQ(layer.groups, 1);
  EXPECT_EQ(layer.output_maps, 64);
  EXPECT_EQ(layer.weight_type, DataType::kFp16);
  EXPECT_EQ(layer.weight_count, 9408);
  EXPECT_EQ(layer.activation, "RELU");
  EXPECT_FALSE(layer.has_residual);
  EXPECT_EQ(
      layer.tactic,
      "trt_turing_cutlass_image_network_first_layer_hmma_fprop_f16f16f32_nhwc_nhwc_k64r7s7c4_stride2x2");
}

TEST(EngineVariety, SecondInputOfAConvolutionWithoutHasResidualIsAResidual) {
  const Layer layer = layer_of("02_CaskConvolution_residual_two_inputs.json");
  EXPECT_EQ(layer.inputs.size(), 2U);
  EXPECT_TRUE(layer.has_residual);
}

TEST(EngineVariety, TensorsWithoutLocation) {
  const Layer layer = layer_of("03_CaskConvolution_no_Location_trt8.json");
  EXPECT_EQ(layer.inputs[0].name, "resnet50/conv1_conv/Conv2D__6:0");
  EXPECT_EQ(layer.inputs[0].type, DataType::kFp32);
  EXPECT_EQ(layer.weight_type, DataType::kFp32);
}

TEST(EngineVariety, Int8OfQuantisationAwareTraining) {
  const Layer layer = layer_of("04_CaskConvolution_int8_qat.json");
  EXPECT_EQ(layer.inputs[0].type, DataType::kInt8);
  EXPECT_EQ(layer.outputs[0].type, DataType::kFp32);
  EXPECT_EQ(layer.weight_type, DataType::kInt8);
}

TEST(EngineVariety, PointwiseExpressionFusedIntoAConvolution) {
  const Layer layer = layer_of("05_CaskConvolution_PointWiseExpression.json");
  EXPECT_EQ(layer.kind, LayerKind::kConvolutional);
  EXPECT_EQ(layer.activation, "GENERIC");
  EXPECT_FALSE(layer.has_residual);
}

TEST(EngineVariety, SingleWordDataTypesOfTensorRt10) {
  const Layer layer = layer_of("06_CaskConvolution_fp32_trt10.json");
  EXPECT_EQ(layer.inputs[0].format, "Float");
  EXPECT_EQ(layer.inputs[0].type, DataType::kFp32);
  EXPECT_EQ(layer.outputs[0].type, DataType::kFp32);
}

TEST(EngineVariety, GemmConvolutionIsDenseAndKeepsItsKernel) {
  const Layer layer = layer_of("07_CaskGemmConvolution.json");
  EXPECT_EQ(layer.kind, LayerKind::kDense);
  EXPECT_EQ(layer.kernel, (Numbers{1, 1}));
}

TEST(EngineVariety, CublasConvolutionIsDense) {
  const Layer layer = layer_of("09_CublasConvolution.json");
  EXPECT_EQ(layer.kind, LayerKind::kDense);
  EXPECT_EQ(layer.activation, "");
  EXPECT_EQ(layer.tactic, "");
}

TEST(EngineVariety, DepthwiseConvolutionHasAsManyGroupsAsChannels) {
  const Layer layer = layer_of("10_CudaDepthwiseConvolution.json");
  EXPECT_EQ(layer.kind, LayerKind::kConvolutional);
  EXPECT_EQ(layer.groups, 32);
  EXPECT_EQ(layer.activation, "CLIPPED_RELU");
}

TEST(EngineVariety, LegacyFusedConvolution) {
  EXPECT_EQ(layer_of("11_FusedConvActConvolution.json").kind, LayerKind::kConvolutional);
}

TEST(EngineVariety, PrefixedKeysOfConvActPool) {
  const Layer layer = layer_of("12_ConvActPool.json");
  EXPECT_EQ(layer.kind, LayerKind::kConvolutional);
  EXPECT_EQ(layer.kernel, (Numbers{7, 7}));
  EXPECT_EQ(layer.stride, (Numbers{2, 2}));
  EXPECT_EQ(layer.pre_padding, (Numbers{3, 3}));
  EXPECT_EQ(layer.dilation, (Numbers{1, 1}));
  EXPECT_EQ(layer.groups, 1);
  EXPECT_EQ(layer.output_maps, 64);
  EXPECT_EQ(layer.weight_type, DataType::kInt8);
  EXPECT_EQ(layer.weight_count, 9408);
  EXPECT_EQ(layer.activation, "RELU");
  EXPECT_EQ(layer.window, (Numbers{3, 3}));
  EXPECT_EQ(layer.pool_stride, (Numbers{2, 2}));
  EXPECT_EQ(layer.pool_pre_padding, (Numbers{1, 1}));
  EXPECT_EQ(layer.pool_post_padding, (Numbers{1, 1}));
}

TEST(EngineVariety, PoolingHasAWindowAndNoKernel) {
  const Layer layer = layer_of("14_CaskPooling.json");
  EXPECT_EQ(layer.kind, LayerKind::kPooling);
  EXPECT_EQ(layer.window, (Numbers{2, 2}));
  EXPECT_EQ(layer.kernel, std::nullopt);
}

TEST(EngineVariety, OtherPoolingKernelsArePoolingToo) {
  for (const char* file : {"15_CudaPooling.json", "16_TiledPooling.json", "17_CudnnPooling.json"}) {
    const Layer layer = layer_of(file);
    EXPECT_EQ(layer.kind, LayerKind::kPooling) << file;
    EXPECT_EQ(layer.window, (Numbers{3, 3})) << file;
    EXPECT_EQ(layer.stride, (Numbers{2, 2})) << file;
  }
}

TEST(EngineVariety, GlobalPoolingHasAWindowOfTheWholeInput) {
  EXPECT_EQ(layer_of("18_CaskPooling_global.json").window, (Numbers{7, 7}));
}

TEST(EngineVariety, MyelinGemmWithAConstantOperandIsDense) {
  const Layer layer = layer_of("19_gemm_myelin_rank1_bias.json");
  EXPECT_EQ(layer.kind, LayerKind::kDense);
  ASSERT_EQ(layer.inputs.size(), 5U);
  EXPECT_FALSE(layer.inputs[0].is_constant);
  EXPECT_TRUE(layer.inputs[1].is_constant);
  EXPECT_EQ(layer.inputs[2].dimensions, (Numbers{1}));
  EXPECT_EQ(layer.inputs[2].type, DataType::kFp32);
  EXPECT_EQ(layer.parameter_type, "");
}

TEST(EngineVariety, GemmThatHidesItsWeightsIsDense) {
  EXPECT_EQ(layer_of("20_gemm_trt10.json").kind, LayerKind::kDense);
}

TEST(EngineVariety, GeneratedKernelsMayHaveSeveralOutputs) {
  const Network network = read("21_kgen.json");
  ASSERT_EQ(network.layers.size(), 3U);
  for (const Layer& layer : network.layers) EXPECT_EQ(layer.kind, LayerKind::kElementwise) << layer.name;
  EXPECT_EQ(network.layers[1].outputs.size(), 3U);
  EXPECT_EQ(network.layers[2].outputs[1].type, DataType::kInt32);
}

TEST(EngineVariety, GeneratedKernelOfTorchTensorRt) {
  const Layer layer = layer_of("22_kgen_torchtrt_rank4.json");
  EXPECT_EQ(layer.kind, LayerKind::kElementwise);
  EXPECT_EQ(layer.inputs[0].dimensions, (Numbers{1, 32, 112, 112}));
}

TEST(EngineVariety, ShapeCallHasNoTensorsAndTakesNoTime) {
  const Layer layer = layer_of("23_shape_call_no_io.json");
  EXPECT_EQ(layer.kind, LayerKind::kNone);
  EXPECT_TRUE(layer.inputs.empty());
  EXPECT_TRUE(layer.outputs.empty());
}

TEST(EngineVariety, ForeignNodeIsOtherAndKeepsItsRanks) {
  const Layer layer = layer_of("24_Myelin_ForeignNode.json");
  EXPECT_EQ(layer.kind, LayerKind::kOther);
  EXPECT_EQ(layer.inputs[0].dimensions, (Numbers{1, 320, 32, 48}));
  EXPECT_EQ(layer.inputs[1].dimensions, (Numbers{1, 77, 768}));
}

TEST(EngineVariety, MyelinReformatChangesTheType) {
  const Layer layer = layer_of("25_MyelinReformat.json");
  EXPECT_EQ(layer.kind, LayerKind::kReformat);
  EXPECT_EQ(layer.inputs[0].type, DataType::kInt32);
  EXPECT_EQ(layer.outputs[0].type, DataType::kFp16);
}

TEST(EngineVariety, PluginIsOther) {
  EXPECT_EQ(layer_of("26_PluginV2.json").kind, LayerKind::kOther);
}

TEST(EngineVariety, ScaleElementWiseAndPointWiseAreElementwise) {
  for (const char* file : {"27_Scale.json", "28_ElementWise.json", "32_PointWiseV2.json"})
    EXPECT_EQ(layer_of(file).kind, LayerKind::kElementwise) << file;
}

TEST(EngineVariety, LowerCaseKeys) {
  const Layer layer = layer_of("29_Constant_lowercase_keys.json");
  EXPECT_EQ(layer.kind, LayerKind::kNone);
  EXPECT_EQ(layer.weight_type, DataType::kFp32);
  EXPECT_EQ(layer.weight_count, 160);
}

TEST(EngineVariety, ShuffleWithAListOrATextAsReshape) {
  for (const char* file : {"30_Shuffle.json", "31_Shuffle_Reshape_string.json"})
    EXPECT_EQ(layer_of(file).kind, LayerKind::kReformat) << file;
}

TEST(EngineVariety, NoOpBetweenRanksTakesNoTime) {
  const Layer grown = layer_of("33_NoOp_rank1_to_rank2.json");
  EXPECT_EQ(grown.kind, LayerKind::kNone);
  EXPECT_EQ(grown.inputs[0].dimensions, (Numbers{1}));
  EXPECT_EQ(grown.outputs[0].dimensions, (Numbers{1, 1}));
  EXPECT_EQ(layer_of("34_NoOp_rank4_to_rank2.json").outputs[0].dimensions, (Numbers{1, 4096}));
}

TEST(EngineVariety, Reformat) {
  const Layer layer = layer_of("35_Reformat.json");
  EXPECT_EQ(layer.kind, LayerKind::kReformat);
  EXPECT_EQ(layer.inputs[0].type, DataType::kFp32);
  EXPECT_EQ(layer.outputs[0].type, DataType::kFp16);
}

TEST(EngineVariety, PaddingAndSliceAreDataMovesWithAStridePerDimension) {
  for (const char* file : {"37_Padding_Stride_rank4.json", "38_Slice.json"}) {
    const Layer layer = layer_of(file);
    EXPECT_EQ(layer.kind, LayerKind::kReformat) << file;
    EXPECT_EQ(layer.stride, (Numbers{1, 1, 1, 1})) << file;
  }
}

TEST(EngineVariety, SoftMax) {
  EXPECT_EQ(layer_of("40_SoftMax_Cuda.json").kind, LayerKind::kSoftmax);
}

TEST(EngineVariety, LayersThatAreStringsKeepTheirNames) {
  const Network network = read("50_layers_are_strings.json");
  ASSERT_EQ(network.layers.size(), 6U);
  EXPECT_EQ(network.layers[0].name, "[trainStation1]");
  EXPECT_EQ(network.layers[0].type, "");
  EXPECT_EQ(network.layers[0].kind, LayerKind::kOther);
  EXPECT_EQ(network.layers[0].faults.size(), 1U);
  EXPECT_EQ(network.bindings, (std::vector<std::string>{"input", "output"}));
}

TEST(EngineVariety, OneLineText) {
  const Network network = read("53_oneline_text_format.txt");
  ASSERT_EQ(network.layers.size(), 9U);
  const Layer& first = network.layers[0];
  EXPECT_EQ(first.name, "node_conv2d + node_relu");
  EXPECT_EQ(first.kind, LayerKind::kConvolutional);
  EXPECT_EQ(first.inputs[0].name, "x");
  EXPECT_EQ(first.inputs[0].dimensions, (Numbers{1, 1, 28, 28}));
  EXPECT_EQ(first.inputs[0].type, DataType::kFp32);
  EXPECT_EQ(first.kernel, (Numbers{5, 5}));
  EXPECT_EQ(first.groups, 1);
  EXPECT_EQ(first.weight_type, DataType::kFp32);
  EXPECT_EQ(first.weight_count, 800);
  EXPECT_EQ(first.activation, "RELU");
  EXPECT_EQ(network.layers[1].window, (Numbers{2, 2}));
  EXPECT_EQ(network.layers[1].tactic, "sm50_xmma_pooling_fw_4d_FP32FP32NCHW_Max");
  EXPECT_EQ(network.layers[2].outputs[0].name, "Reformatted Input Tensor 0 to node_conv2d_1 + node_relu_1");
  EXPECT_EQ(network.layers[5].kind, LayerKind::kNone);
  EXPECT_EQ(network.layers[5].tactic, "");
}

TEST(EngineVariety, MyelinLayersOfTheOneLineTextTakeTheirBatchFromTheTensorBefore) {
  const Network network = read("53_oneline_text_format.txt");
  ASSERT_EQ(network.layers.size(), 9U);
  EXPECT_EQ(network.layers[6].inputs[0].dimensions, (Numbers{1, 64, 7, 7}));
  EXPECT_EQ(network.layers[6].outputs[0].dimensions, (Numbers{1, 3136}));
  EXPECT_EQ(network.layers[8].outputs[0].dimensions, (Numbers{1, 10}));
  ASSERT_EQ(network.warnings.size(), 1U);
}

}  // namespace
}  // namespace joulecast
