// Pictures: PNG files of the layout's size, the same for the same chart.
#include <gtest/gtest.h>

#include "joulecast/report.h"
#include "report/chart_layout.h"

namespace joulecast {
namespace {

PredictionChart chart_with(std::size_t layers) {
  PredictionChart chart;
  chart.title = "net: run time of dense layers";
  chart.quantity = "run time (ms)";
  for (std::size_t i = 0; i < layers; ++i)
    chart.layers.push_back({"layer " + std::to_string(i), 1.0 + static_cast<double>(i % 7), 2.0, {}, {}});
  return chart;
}

std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

TEST(DrawPng, IsAPngOfTheLayoutsSize) {
  for (const std::size_t layers : {1U, 60U}) {
    const auto png = draw_png(chart_with(layers));
    ASSERT_TRUE(png) << png.error().describe();
    const auto layout = report::lay_out(chart_with(layers), [](std::string_view words, double size, bool) {
      return size * double(words.size());
    });
    const std::string_view bytes = *png;
    ASSERT_GT(bytes.size(), 1000U);
    EXPECT_EQ(bytes.substr(0, 8), "\x89PNG\r\n\x1A\n");
    EXPECT_EQ(bytes.substr(12, 4), "IHDR");
    EXPECT_EQ(big_endian(bytes.substr(16)), static_cast<std::uint32_t>(layout.width));
    EXPECT_EQ(big_endian(bytes.substr(20)), static_cast<std::uint32_t>(layout.height));
    EXPECT_EQ(bytes.substr(bytes.size() - 8, 4), "IEND");
  }
}

TEST(DrawPng, IsTheSameForTheSameChart) {
  const auto once = draw_png(chart_with(30));
  ASSERT_TRUE(once);
  EXPECT_EQ(*draw_png(chart_with(30)), *once);
  EXPECT_NE(*draw_png(chart_with(31)), *once);
}

TEST(DrawPng, TakesTheMostLayers) {
  const auto png = draw_png(chart_with(report::kMostLayers + 1));
  ASSERT_TRUE(png) << png.error().describe();
}

}  // namespace
}  // namespace joulecast
