// The geometry of the bar charts: what a reader measures off the picture is what the figures are.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "report/chart_layout.h"

namespace joulecast::report {
namespace {

/// A font whose characters are all half as wide as high.
double half_wide(std::string_view words, double size, bool) {
  return 0.5 * size * static_cast<double>(words.size());
}

PredictionChart chart_of(std::vector<PredictionBars> layers) {
  PredictionChart chart;
  chart.title = "net: power of dense layers";
  chart.quantity = "power above idle (W)";
  chart.metrics.rmspe_percent = 12.34;
  chart.layers = std::move(layers);
  return chart;
}

bool has_text(const ChartLayout& layout, std::string_view words) {
  for (const Text& text : layout.texts)
    if (text.words.find(words) != std::string::npos) return true;
  return false;
}

TEST(ChartLayout, BarsAreAsLongAsTheirFigures) {
  const auto layout = lay_out(chart_of({{"a", 2.0, 1.0, {}, {}}, {"b", 0.5, 4.0, {}, {}}}), half_wide);
  ASSERT_EQ(layout.bars.size(), 6U);  // two a layer, two of the legend
  const double expected[] = {2.0, 1.0, 0.5, 4.0};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_DOUBLE_EQ(layout.bars[i].x, layout.zero_x);
    EXPECT_NEAR(layout.bars[i].width, expected[i] * layout.pixels_per_unit, 1e-9);
    EXPECT_EQ(layout.bars[i].ink, i % 2 == 0 ? Ink::kMeasured : Ink::kPredicted);
  }
  EXPECT_EQ(layout.bars[0].y + layout.bars[0].height, layout.bars[1].y);
  EXPECT_GT(layout.bars[2].y, layout.bars[1].y + layout.bars[1].height);
  EXPECT_LE(layout.zero_x + 4.0 * layout.pixels_per_unit, layout.width);
}

TEST(ChartLayout, FiguresBelowZeroReachToTheLeft) {
  const auto layout = lay_out(chart_of({{"a", 1.0, -3.0, {}, {}}}), half_wide);
  const Box& bar = layout.bars[1];
  EXPECT_NEAR(bar.x + bar.width, layout.zero_x, 1e-9);
  EXPECT_NEAR(bar.width, 3.0 * layout.pixels_per_unit, 1e-9);
  EXPECT_GE(bar.x, 0.0);
  EXPECT_TRUE(has_text(layout, "-3.00"));
}

TEST(ChartLayout, EveryLayerHasItsNameAndRoom) {
  std::vector<PredictionBars> layers;
  for (int i = 0; i < 160; ++i)
    layers.push_back({"features.denseblock" + std::to_string(i), 1.0 + i, 2.0, {}, {}});
  const auto layout = lay_out(chart_of(layers), half_wide);
  std::set<double> baselines;
  for (const Text& text : layout.texts)
    if (text.words.starts_with("features.")) {
      EXPECT_EQ(text.size, 12.0);
      EXPECT_GE(text.x - half_wide(text.words, text.size, false), 0.0);
      baselines.insert(text.baseline);
    }
  ASSERT_EQ(baselines.size(), 160U);
  double before = 0.0;
  for (const double baseline : baselines) {
    EXPECT_GE(baseline - before, 14.0);
    before = baseline;
  }
  EXPECT_LT(before, layout.height);
}

TEST(ChartLayout, LongNamesLoseTheirMiddle) {
  const std::string name = "first" + std::string(500, 'x') + "last";
  const auto layout = lay_out(chart_of({{name, 1.0, 2.0, {}, {}}}), half_wide);
  for (const Text& text : layout.texts) {
    if (!text.words.starts_with("first")) continue;
    EXPECT_TRUE(text.words.ends_with("last"));
    EXPECT_LE(half_wide(text.words, text.size, false), 400.0);
    EXPECT_GT(half_wide(text.words, text.size, false), 380.0);
    return;
  }
  FAIL() << "no name";
}

TEST(ChartLayout, SaysWhatItShows) {
  const auto layout = lay_out(chart_of({{"a", 1.0, 2.0, {}, {}}}), half_wide);
  for (const char* words : {"net: power of dense layers, RMSPE 12.3 %", "power above idle (W)", "measured",
                            "predicted", "1 layer of a network"})
    EXPECT_TRUE(has_text(layout, words)) << words;
  EXPECT_FALSE(has_text(layout, "interval"));
  EXPECT_TRUE(layout.intervals.empty());
}

TEST(ChartLayout, IntervalsStandAtTheirBounds) {
  const auto layout = lay_out(chart_of({{"a", 2.0, 2.0, 1.0, 3.0}, {"b", 2.0, 1.0, 0.5, 900.0}}), half_wide);
  EXPECT_TRUE(has_text(layout, "90 % interval"));
  const auto at = [&](double value) { return layout.zero_x + value * layout.pixels_per_unit; };
  ASSERT_GE(layout.intervals.size(), 5U);
  EXPECT_NEAR(layout.intervals[0].x0, at(1.0), 1e-9);
  EXPECT_NEAR(layout.intervals[0].x1, at(3.0), 1e-9);
  // One that is far longer than all bars ends at the edge, without a cap, and squeezes nothing.
  EXPECT_NEAR(layout.intervals[3].x1, at(3.0), 1.0);
  EXPECT_EQ(layout.intervals.size(), 3U + 2U + 1U);
}

TEST(ChartLayout, FiguresThatAreNoneHaveNoBar) {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  const double endless = std::numeric_limits<double>::infinity();
  const auto layout =
      lay_out(chart_of({{"a", nothing, endless, {}, {}}, {"b", 0.0, 0.0, {}, {}}}), half_wide);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(layout.bars[i].width, 0.0);
  EXPECT_TRUE(has_text(layout, "nan"));
  EXPECT_TRUE(has_text(layout, "inf"));
  EXPECT_TRUE(std::isfinite(layout.pixels_per_unit));
}

TEST(ChartLayout, OfMoreLayersThanFitItSaysSo) {
  const std::vector<PredictionBars> layers(kMostLayers + 500, {"a", 1.0, 2.0, {}, {}});
  const auto layout = lay_out(chart_of(layers), half_wide);
  EXPECT_LT(layout.height, 32000.0);
  EXPECT_TRUE(has_text(layout, "The first 1000 of 1500 layers"));
}

TEST(TickStep, IsRoundAndGivesFewTicks) {
  EXPECT_DOUBLE_EQ(tick_step(0.0, 7.8, 8), 1.0);
  EXPECT_DOUBLE_EQ(tick_step(0.0, 8.1, 8), 2.0);
  EXPECT_DOUBLE_EQ(tick_step(0.0, 0.037, 8), 0.005);
  EXPECT_DOUBLE_EQ(tick_step(-300.0, 900.0, 8), 200.0);
  for (double range = 1e-6; range < 1e7; range *= 1.3) {
    const double step = tick_step(0.0, range, 8);
    EXPECT_LE(range / step, 8.0 + 1e-6);
    EXPECT_GE(range / step, 8.0 / 2.5 - 1e-6);
  }
}

TEST(FigureText, HasThreeDigitsAtLeast) {
  EXPECT_EQ(figure_text(0.0), "0");
  EXPECT_EQ(figure_text(0.041234), "0.0412");
  EXPECT_EQ(figure_text(7.8012), "7.80");
  EXPECT_EQ(figure_text(99.96), "100");
  EXPECT_EQ(figure_text(-1234.4), "-1234");
  EXPECT_EQ(figure_text(12345678.0), "1.23e+07");
  EXPECT_EQ(figure_text(0.0000123), "1.2e-05");
}

TEST(Printable, KeepsOneCharacterForOne) {
  EXPECT_EQ(printable("conv_1 \xC3\xA9\xE2\x82\xAC\n"), "conv_1 ???");
}

}  // namespace
}  // namespace joulecast::report
