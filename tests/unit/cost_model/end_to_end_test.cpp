#include <gtest/gtest.h>

#include <cmath>

#include "joulecast/cost_model.h"

namespace joulecast {
namespace {

/// A network of layers of 0.1 ms, one more that takes no time, and its end-to-end latency.
void add_network(TrainingSet& data, const std::string& name, std::size_t layers, double latency_ms) {
  for (std::size_t i = 0; i <= layers; ++i) {
    LayerRow row;
    row.network = name;
    row.layer_name = "layer " + std::to_string(i);
    row.kind = i == layers ? LayerKind::kNone : LayerKind::kConvolutional;
    if (i < layers) row.run_time_ms = 0.1;
    data.layers.push_back(std::move(row));
  }
  data.end_to_end.push_back({{20, latency_ms}, name});
}

/// 14, 26, 57 and 30 layers under this law.
TrainingSet networks_of(double call_ms, double layer_ms) {
  TrainingSet data;
  for (const std::size_t layers : {14U, 26U, 57U, 30U}) {
    const double n = static_cast<double>(layers);
    add_network(data, "net" + std::to_string(layers), layers, 0.1 * n + call_ms + layer_ms * n);
  }
  return data;
}

TEST(FitEndToEnd, FindsWhatACallAndALayerCost) {
  for (const double layer_ms : {-0.003, 0.013}) {  // events of the profiler; a host that works for each layer
    const auto model = fit_end_to_end(networks_of(0.2, layer_ms));
    ASSERT_TRUE(model);
    EXPECT_NEAR(model->call_ms, 0.2, 1e-9);
    EXPECT_NEAR(model->layer_ms, layer_ms, 1e-10);
    EXPECT_EQ(model->networks, 4U);
    EXPECT_NEAR(model->held_out_mape_percent, 0.0, 1e-6);
    EXPECT_NEAR(model->held_out_log_ratio, 0.0, 1e-8);
    EXPECT_GT(model->sum_mape_percent, 1.0);
    EXPECT_NEAR(model->latency_ms(2.0, 20), 2.2 + 20 * layer_ms, 1e-9);
  }
}

TEST(FitEndToEnd, ACallIsNeverNegative) {
  const auto model = fit_end_to_end(networks_of(-0.05, 0.01));
  ASSERT_TRUE(model);
  EXPECT_EQ(model->call_ms, 0.0);
  EXPECT_GT(model->layer_ms, 0.0);
  EXPECT_GT(model->held_out_log_ratio, 0.0);
}

TEST(FitEndToEnd, NetworksOfOneSizeAreToldByTheCallAlone) {
  TrainingSet data;
  for (const char* name : {"a", "b", "c"}) add_network(data, name, 20, 2.3);
  const auto model = fit_end_to_end(data);
  ASSERT_TRUE(model);
  EXPECT_NEAR(model->call_ms, 0.3, 1e-9);
  EXPECT_EQ(model->layer_ms, 0.0);
}

TEST(FitEndToEnd, IsTheLeastSquaresOfRelativeErrors) {
  TrainingSet data = networks_of(0.2, -0.003);
  for (std::size_t i = 0; i < data.end_to_end.size(); ++i)
    data.end_to_end[i].median_ms *= i % 2 == 0 ? 1.002 : 0.999;
  const auto found = fit_end_to_end(data);
  ASSERT_TRUE(found);
  const auto error = [&](const EndToEndModel& model) {
    double sum = 0.0;
    for (const EndToEndOfNetwork& one : data.end_to_end) {
      const auto layers = static_cast<std::size_t>(std::stoi(one.network.substr(3)));
      const double told = model.latency_ms(0.1 * static_cast<double>(layers), layers);
      sum += std::pow(told / one.median_ms - 1.0, 2.0);
    }
    return sum;
  };
  for (const double step : {-1e-4, 1e-4}) {
    EndToEndModel other = *found;
    other.call_ms += step;
    EXPECT_GT(error(other), error(*found));
    other = *found;
    other.layer_ms += 0.01 * step;
    EXPECT_GT(error(other), error(*found));
  }
}

TEST(FitEndToEnd, NothingIsToldOfFewNetworksOrWithoutAGain) {
  TrainingSet two;
  add_network(two, "a", 10, 1.2);
  add_network(two, "b", 20, 2.2);
  EXPECT_FALSE(fit_end_to_end(two));
  // Of three, one has a layer without a run time.
  add_network(two, "c", 30, 3.2);
  EXPECT_TRUE(fit_end_to_end(two));
  two.layers.front().run_time_ms.reset();
  EXPECT_FALSE(fit_end_to_end(two));
  EXPECT_FALSE(fit_end_to_end(networks_of(0.0, 0.0)));
  EXPECT_FALSE(fit_end_to_end({}));
}

TEST(FitEndToEnd, NetworksThatAreHeldOutDoNotCount) {
  TrainingSet data = networks_of(0.2, -0.003);
  data.end_to_end.front().median_ms = 50.0;
  const std::vector<std::string> held{"net14"};
  const auto model = fit_end_to_end(without_networks(data, held));
  ASSERT_TRUE(model);
  EXPECT_EQ(model->networks, 3U);
  EXPECT_NEAR(model->call_ms, 0.2, 1e-9);
}

}  // namespace
}  // namespace joulecast
