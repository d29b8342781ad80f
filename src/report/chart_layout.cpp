#include "report/chart_layout.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/display_text.h"

namespace joulecast::report {
namespace {

constexpr double kWidth = 1040.0;
constexpr double kMargin = 16.0;
constexpr double kTop = 108.0;        // above the first layer
constexpr double kBottom = 52.0;      // below the last
constexpr double kLayer = 28.0;       // height of a layer
constexpr double kBar = 11.0;         // of a bar; two of them and 3 above and below make a layer
constexpr double kValueSpace = 58.0;  // right of the plot, for the figures at the bars' ends
constexpr double kWidestNames = 400.0;
constexpr double kTitleSize = 18.0;
constexpr double kTextSize = 12.0;
constexpr double kValueSize = 11.0;
constexpr double kGap = 8.0;
constexpr int kMostTicks = 8;

/// What the axis has to show.
struct Range {
  double low = 0.0, high = 0.0;

  void take(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

Range range_of(std::span<const PredictionBars> layers) {
  Range range;
  for (const PredictionBars& layer : layers) {
    range.take(layer.measured);
    range.take(layer.predicted);
  }
  // A wide interval must not squeeze the bars together: it runs into the edge then.
  const double most = 1.5 * range.high;
  for (const PredictionBars& layer : layers)
    if (layer.high) range.take(std::min(*layer.high, most));
  if (range.high == range.low) range.high = 1.0;
  return range;
}

class ChartBuilder {
 public:
  ChartBuilder(const PredictionChart& chart, const TextWidth& width_of)
      : chart_(chart),
        layers_(std::span(chart.layers).first(std::min(chart.layers.size(), kMostLayers))),
        width_of_(width_of),
        range_(range_of(layers_)) {}

  ChartLayout take() {
    take_measure();
    add_heading();
    add_axis();
    for (std::size_t i = 0; i < layers_.size(); ++i) add_layer(i);
    add_legend();
    return std::move(out_);
  }

 private:
  [[nodiscard]] double x_of(double value) const { return out_.zero_x + value * out_.pixels_per_unit; }
  [[nodiscard]] double y_of(std::size_t layer) const { return kTop + kLayer * static_cast<double>(layer); }

  [[nodiscard]] std::string fitted(std::string_view given, double size, bool bold, double limit) const {
    const std::string words = printable(given);
    double width = width_of_(words, size, bold);
    auto characters = static_cast<std::size_t>(static_cast<double>(words.size()) * limit / width);
    std::string shorter = words;
    for (; width > limit && characters > 0; --characters) {
      shorter = shorten_middle(words, characters);
      width = width_of_(shorter, size, bold);
    }
    return shorter;
  }

  void take_measure() {
    double widest = 0.0;
    for (const PredictionBars& layer : layers_) {
      names_.push_back(fitted(layer.layer, kTextSize, false, kWidestNames));
      widest = std::max(widest, width_of_(names_.back(), kTextSize, false));
    }
    left_ = std::round(kMargin + widest + kGap);
    right_ = kWidth - kMargin - kValueSpace;
    bottom_ = y_of(layers_.size());
    out_.width = kWidth;
    out_.height = bottom_ + kBottom;
    out_.pixels_per_unit = (right_ - left_) / (range_.high - range_.low);
    out_.zero_x = std::round(left_ - range_.low * out_.pixels_per_unit);
  }

  void text(std::string words, double x, double baseline, Ink ink = Ink::kText, Anchor anchor = Anchor::kLeft,
            double size = kTextSize) {
    out_.texts.push_back({std::move(words), x, baseline, size, anchor, ink, false});
  }

  void add_heading() {
    const double limit = kWidth - 2.0 * kMargin;
    const std::string error = fmt::format(", RMSPE {} %", figure_text(chart_.metrics.rmspe_percent));
    const double left_over = limit - width_of_(error, kTitleSize, true);
    out_.texts.push_back({fitted(chart_.title, kTitleSize, true, left_over) + error, kMargin, 32.0,
                          kTitleSize, Anchor::kLeft, Ink::kText, true});
    const std::size_t all = chart_.layers.size();
    std::string facts =
        layers_.size() == all
            ? fmt::format("{} layer{} of a network that was held out of the training", all,
                          all == 1 ? "" : "s")
            : fmt::format("The first {} of {} layers of a network that was held out of the training",
                          layers_.size(), all);
    facts += fmt::format(": MAPE {} %", figure_text(100.0 * chart_.metrics.mape));
    const double r2 = chart_.metrics.r2;
    if (std::isfinite(r2)) facts += ", R2 " + (r2 > -10.0 ? fmt::format("{:.3f}", r2) : figure_text(r2));
    text(fitted(facts, kTextSize, false, limit), kMargin, 54.0, Ink::kMuted);
  }

  void add_axis() {
    const double step = tick_step(range_.low, range_.high, kMostTicks);
    const auto decimals = static_cast<int>(std::max(0.0, -std::floor(std::log10(step) + 1e-9)));
    const auto last = std::lround(std::floor(range_.high / step + 1e-9));
    for (auto k = std::lround(std::ceil(range_.low / step - 1e-9)); k <= last; ++k) {
      const double value = static_cast<double>(k) * step;
      const double x = std::round(x_of(value)) + 0.5;
      out_.lines.push_back({x, kTop, x, bottom_, k == 0 ? Ink::kAxis : Ink::kGrid});
      const std::string words =
          step >= 1e6 ? fmt::format("{:g}", value) : fmt::format("{:.{}f}", value, decimals);
      text(words, x, kTop - 8.0, Ink::kMuted, Anchor::kCentre);
      text(words, x, bottom_ + 18.0, Ink::kMuted, Anchor::kCentre);
    }
    text(chart_.quantity, right_, 80.0, Ink::kText, Anchor::kRight);
    text(chart_.quantity, right_, bottom_ + 38.0, Ink::kText, Anchor::kRight);
  }

  void add_bar(double value, double y, Ink ink) {
    const double end = std::isfinite(value) ? x_of(value) : out_.zero_x;
    out_.bars.push_back({std::min(end, out_.zero_x), y, std::abs(end - out_.zero_x), kBar, ink});
  }

  void add_layer(std::size_t i) {
    const PredictionBars& layer = layers_[i];
    const double y = y_of(i);
    if (i % 2 == 1) out_.bands.push_back({kMargin, y, kWidth - 2.0 * kMargin, kLayer, Ink::kBand});
    text(names_[i], left_ - kGap, y + 18.0, Ink::kText, Anchor::kRight);
    const double upper = y + 3.0;
    add_bar(layer.measured, upper, Ink::kMeasured);
    add_bar(layer.predicted, upper + kBar, Ink::kPredicted);
    const auto end_of = [&](std::size_t back) {
      const Box& bar = out_.bars[out_.bars.size() - back];
      return bar.x + bar.width + 5.0;
    };
    text(figure_text(layer.measured), end_of(2), upper + 9.0, Ink::kMuted, Anchor::kLeft, kValueSize);
    double end = end_of(1);
    if (layer.low && layer.high) end = std::max(end, add_interval(layer, upper + 1.5 * kBar) + 5.0);
    text(figure_text(layer.predicted), end, upper + kBar + 9.0, Ink::kMuted, Anchor::kLeft, kValueSize);
  }

  /// Returns where it ends on the right.
  double add_interval(const PredictionBars& layer, double y) {
    has_intervals_ = true;
    const double from = std::clamp(x_of(*layer.low), left_, right_);
    const double to = std::clamp(x_of(*layer.high), left_, right_);
    out_.intervals.push_back({from, y, to, y, Ink::kInterval});
    const auto cap = [&](double x) { out_.intervals.push_back({x, y - 3.0, x, y + 3.0, Ink::kInterval}); };
    cap(from);
    if (x_of(*layer.high) <= right_ + 0.5) cap(to);
    return to;
  }

  void add_legend() {
    constexpr double kBaseline = 80.0;
    double x = kMargin;
    const auto name = [&](const char* words) {
      text(words, x, kBaseline);
      x += width_of_(words, kTextSize, false) + 3.0 * kGap;
    };
    for (const auto& [ink, words] :
         {std::pair(Ink::kMeasured, "measured"), std::pair(Ink::kPredicted, "predicted")}) {
      out_.bars.push_back({x, kBaseline - 10.0, 2.0 * kBar, kBar, ink});
      x += 2.0 * kBar + kGap;
      name(words);
    }
    if (!has_intervals_) return;
    const double y = kBaseline - 4.5;
    out_.intervals.push_back({x, y, x + 2.0 * kBar, y, Ink::kInterval});
    x += 2.0 * kBar + kGap;
    name("90 % interval");
  }

  const PredictionChart& chart_;
  std::span<const PredictionBars> layers_;
  const TextWidth& width_of_;
  Range range_;
  std::vector<std::string> names_;
  double left_ = 0.0, right_ = 0.0, bottom_ = 0.0;
  bool has_intervals_ = false;
  ChartLayout out_;
};

}  // namespace

ChartLayout lay_out(const PredictionChart& chart, const TextWidth& width_of) {
  return ChartBuilder(chart, width_of).take();
}

double tick_step(double low, double high, int most) {
  const double least = (high - low) / most;
  double step = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {2.0, 2.5, 2.0})
    if (step < least * (1.0 - 1e-9)) step *= factor;
  return step;
}

std::string figure_text(double value) {
  const double size = std::abs(value);
  if (size >= 1e6) return fmt::format("{:.2e}", value);
  if (size >= 99.95) return fmt::format("{:.0f}", value);
  if (size >= 1e-4) return fmt::format("{:#.3g}", value);
  if (!(size > 0.0)) return fmt::format("{:g}", value);
  return fmt::format("{:.1e}", value);
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80U) continue;  // inside a character
    out += byte >= 0x20 && byte < 0x7f ? c : '?';
  }
  return out;
}

}  // namespace joulecast::report
