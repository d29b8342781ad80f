#include "support/tiny_board.h"
#include "support/temporary_folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace joulecast::test {
namespace {

constexpr int kCycles = 12;
constexpr int kLayerMs = 10;

std::string stamp(int milliseconds) {
  return fmt::format("20241121-10:00:{:02}.{:03}000", milliseconds / 1000, milliseconds % 1000);
}

std::string tensor(const char* name, const char* dimensions) {
  return fmt::format(
      R"({{"Name": "{}", "Dimensions": [{}], "Format/Datatype": "Channel major FP16 format"}})", name,
      dimensions);
}

}  // namespace

TinyRun::TinyRun() {
  for (int ms = 0; ms < kCycles * 100 + 50; ++ms)
    power_log += fmt::format("{},5000.0,{}.0\n", stamp(ms), 1000 + ms % 7 * 8);
  latency_log = "{";
  const std::array<const char*, 3> layers{"conv", "pool", "fc"};
  for (int layer = 0; layer < 3; ++layer) {
    latency_log +=
        fmt::format("{}\"{}\": [", layer == 0 ? "" : ", ", layers[static_cast<std::size_t>(layer)]);
    for (int cycle = 0; cycle < kCycles; ++cycle)
      latency_log += fmt::format("{}[{}.{}, \"{}\"]", cycle == 0 ? "" : ", ", kLayerMs - 1, cycle % 10,
                                 stamp(cycle * 100 + kLayerMs * (layer + 1)));
    latency_log += "]";
  }
  latency_log += "}";
  engine = fmt::format(
      R"({{"Layers": [
{{"Name": "conv", "LayerType": "CaskConvolution", "Inputs": [{}], "Outputs": [{}], "ParameterType": "Convolution", "Kernel": [3, 3], "PaddingMode": "kEXPLICIT_ROUND_DOWN", "PrePadding": [1, 1], "PostPadding": [1, 1], "Stride": [2, 2], "Dilation": [1, 1], "OutMaps": 8, "Groups": 1}},
{{"Name": "pool", "LayerType": "CaskPooling", "Inputs": [{}], "Outputs": [{}], "ParameterType": "Pooling", "PoolingType": "MAX", "WindowSize": [2, 2], "PrePadding": [0, 0], "PostPadding": [0, 0], "Stride": [2, 2]}},
{{"Name": "fc", "LayerType": "CaskGemmConvolution", "Inputs": [{}], "Outputs": [{}], "ParameterType": "Convolution", "Kernel": [1, 1], "PrePadding": [0, 0], "PostPadding": [0, 0], "Stride": [1, 1]}}],
"Bindings": ["in", "out"]}})",
      tensor("in", "1, 3, 32, 32"), tensor("a", "1, 8, 16, 16"), tensor("a", "1, 8, 16, 16"),
      tensor("b", "1, 8, 8, 8"), tensor("b", "1, 8, 8, 8"), tensor("out", "1, 10, 8, 8"));
}

void TinyRun::write(const TemporaryFolder& scratch, const std::string& network) const {
  const std::filesystem::path folder = std::filesystem::path("raw_data") / network;
  scratch.write(folder / (network + "_power_log.log"), power_log);
  scratch.write(folder / "trt_profiling" / "trt_layer_latency.json", latency_log);
  scratch.write(folder / "trt_profiling" / "trt_engine_info.json", engine);
}

void write_idle_power(const TemporaryFolder& scratch, const std::string& microwatts) {
  scratch.write("raw_data/idling_power.json",
                fmt::format(R"({{"timestamp": "20241121-051743", "avg_idle_power": {}}})", microwatts));
}

void write_training_data(const TemporaryFolder& scratch) {
  for (int n = 0; n < 12; ++n) {
    const auto folder = std::filesystem::path("training_data") / fmt::format("net{:02}", n);
    std::string conv =
        "batch_size,input_size_0,input_size_1,input_size_2,output_size_0,output_size_1,output_size_2,kernel_"
        "0,kernel_1,padding_0,padding_1,stride_0,stride_1,power,"
        "runtime,layer_name\n";
    std::string pool =
        "batch_size,input_size_0,input_size_1,input_size_2,output_size_0,output_size_1,output_size_2,kernel_"
        "0,kernel_1,stride_0,stride_1,power,runtime,layer_name\n";
    std::string dense = "batch_size,input_size,output_size,power,runtime,layer_name\n";
    for (int r = 0; r < 3; ++r) {
      const int channels = 8 * (1 + (n * 3 + r) % 7);
      const int size = 8 * (1 + (n + 2 * r) % 5);
      const double work = channels * size * size * 1e-5;
      conv += fmt::format("1,{0},{1},{1},{0},{1},{1},3,3,2,2,1,1,{2},{3},conv{4}\n", channels, size,
                          2e6 + 1e5 * work, 0.01 + work, r);
      pool += fmt::format("1,{0},{1},{1},{0},{2},{2},{1},{1},2,2,{3},{4},pool{5}\n", channels, size, size / 2,
                          1e6 + 5e4 * work, 0.005 + work / 10, r);
      dense += fmt::format("1,{},{},{},{},fc{}\n", channels * size, 10 * (1 + r + n), 3e6 + 1e5 * work,
                           0.02 + work / 5, r);
    }
    scratch.write(folder / "convolutional.csv", conv);
    scratch.write(folder / "pooling.csv", pool);
    scratch.write(folder / "dense.csv", dense);
  }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "nothing to replace: " << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

bool is_root() {
  return ::geteuid() == 0;
}

}  // namespace joulecast::test
