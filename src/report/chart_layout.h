// Where the parts of a bar chart stand: all of its geometry, without a picture.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "joulecast/report.h"

namespace joulecast::report {

/// What a part is, and so which colour it has.
enum class Ink { kText, kMuted, kMeasured, kPredicted, kInterval, kGrid, kAxis, kBand };

/// In pixels from the upper left corner, as everything here.
struct Box {
  double x = 0.0, y = 0.0, width = 0.0, height = 0.0;
  Ink ink = Ink::kBand;
};
struct Line {
  double x0 = 0.0, y0 = 0.0, x1 = 0.0, y1 = 0.0;
  Ink ink = Ink::kGrid;
};
enum class Anchor { kLeft, kCentre, kRight };
struct Text {
  std::string words;  ///< printable ASCII
  double x = 0.0, baseline = 0.0;
  double size = 12.0;
  Anchor anchor = Anchor::kLeft;  ///< the end of the text that is at x
  Ink ink = Ink::kText;
  bool bold = false;
};

/// Drawn in this order: bands, lines, bars, intervals, texts.
struct ChartLayout {
  double width = 0.0, height = 0.0;
  double zero_x = 0.0, pixels_per_unit = 0.0;  ///< a value v stands at zero_x + v * pixels_per_unit
  std::vector<Box> bands;                      ///< behind every second layer
  std::vector<Line> lines;                     ///< of the grid and the axis
  std::vector<Box> bars;  ///< measured and predicted of each layer, then the legend's two
  std::vector<Line> intervals;
  std::vector<Text> texts;
};

/// Width in pixels of a text of some size.
using TextWidth = std::function<double(std::string_view words, double size, bool bold)>;

/// The most layers that a picture takes (its height is limited); of more, the first, and it says so.
inline constexpr std::size_t kMostLayers = 1000;

ChartLayout lay_out(const PredictionChart& chart, const TextWidth& width_of);

/// 1, 2 or 5 times a power of ten, so that the range from `low` to `high` has at most `most` multiples of it.
double tick_step(double low, double high, int most);
/// Three digits at least, no exponent for figures as they occur: "0.0412", "7.80", "1234".
std::string figure_text(double value);
/// Characters that the built-in font has not become '?'.
std::string printable(std::string_view text);

}  // namespace joulecast::report
