// Charts as pictures.
#include <array>
#include <memory>

#include <fmt/format.h>

#include "report/cairo_library.h"
#include "report/chart_layout.h"

namespace joulecast {
namespace report {
namespace {

/// Pixels of the picture a pixel of the layout: text stays sharp where a page shows the picture at its width.
constexpr double kScale = 1.0;
/// cairo's built-in font of strokes: the same on every machine, also where there is no font at all.
constexpr const char* kFont = "@cairo:";

struct Colour {
  double red, green, blue;
};

/// Blue and orange of Okabe and Ito's palette, which all forms of colour vision tell apart; one is dark and
/// the other light, so that they differ in grey too.
Colour colour_of(Ink ink) {
  constexpr auto kRgb = [](unsigned value) {
    return Colour{static_cast<double>(value >> 16U) / 255.0, static_cast<double>(value >> 8U & 255U) / 255.0,
                  static_cast<double>(value & 255U) / 255.0};
  };
  switch (ink) {
    case Ink::kText:
    case Ink::kInterval:
      return kRgb(0x111111);
    case Ink::kMuted:
      return kRgb(0x444444);
    case Ink::kMeasured:
      return kRgb(0x0072b2);
    case Ink::kPredicted:
      return kRgb(0xe69f00);
    case Ink::kGrid:
      return kRgb(0xd8d8d8);
    case Ink::kAxis:
      return kRgb(0x666666);
    case Ink::kBand:
      return kRgb(0xf4f4f4);
  }
  return kRgb(0);
}

/// A picture that is drawn on.
class Canvas {
 public:
  Canvas(const CairoLibrary& cairo, double width, double height)
      : cairo_(cairo),
        surface_(cairo.image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width * kScale),
                                            static_cast<int>(height * kScale)),
                 cairo.surface_destroy),
        context_(cairo.create(surface_.get()), cairo.destroy) {
    cairo.scale(context_.get(), kScale, kScale);
    cairo.set_line_width(context_.get(), 1.0);
    cairo.set_source_rgb(context_.get(), 1.0, 1.0, 1.0);
    cairo.paint(context_.get());
  }

  double width_of(std::string_view words, double size, bool bold) {
    cairo_text_extents_t extents{};
    choose_font(size, bold);
    cairo_.text_extents(context_.get(), std::string(words).c_str(), &extents);
    return extents.x_advance;
  }
  void draw(const Box& box) {
    choose(box.ink);
    cairo_.rectangle(context_.get(), box.x, box.y, box.width, box.height);
    cairo_.fill(context_.get());
  }
  void draw(const Line& line) {
    choose(line.ink);
    cairo_.move_to(context_.get(), line.x0, line.y0);
    cairo_.line_to(context_.get(), line.x1, line.y1);
    cairo_.stroke(context_.get());
  }
  void draw(const Text& text) {
    const double width = width_of(text.words, text.size, text.bold);
    const double before = text.anchor == Anchor::kLeft    ? 0.0
                          : text.anchor == Anchor::kRight ? width
                                                          : width / 2;
    choose(text.ink);
    cairo_.move_to(context_.get(), text.x - before, text.baseline);
    cairo_.show_text(context_.get(), text.words.c_str());
  }

  [[nodiscard]] Expected<std::string> png() const {
    std::string bytes;
    const auto append = [](void* to, const unsigned char* data, unsigned size) {
      static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), size);
      return CAIRO_STATUS_SUCCESS;
    };
    cairo_status_t status = cairo_.status(context_.get());
    if (status == CAIRO_STATUS_SUCCESS)
      status = cairo_.surface_write_to_png_stream(surface_.get(), append, &bytes);
    if (status != CAIRO_STATUS_SUCCESS)
      return fail(ErrorKind::kInternal,
                  fmt::format("libcairo draws nothing: {}", cairo_.status_to_string(status)), {},
                  "Free some memory");
    return bytes;
  }

 private:
  void choose(Ink ink) {
    const Colour colour = colour_of(ink);
    cairo_.set_source_rgb(context_.get(), colour.red, colour.green, colour.blue);
  }
  void choose_font(double size, bool bold) {
    cairo_.select_font_face(context_.get(), kFont, CAIRO_FONT_SLANT_NORMAL,
                            bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_.set_font_size(context_.get(), size);
  }

  const CairoLibrary& cairo_;
  std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface_;
  std::unique_ptr<cairo_t, decltype(&cairo_destroy)> context_;
};

}  // namespace
}  // namespace report

Expected<std::string> draw_png(const PredictionChart& chart) {
  const auto cairo = report::cairo_library();
  if (!cairo) return tl::unexpected(cairo.error());
  report::Canvas ruler(**cairo, 1.0, 1.0);
  const report::ChartLayout layout = report::lay_out(
      chart,
      [&](std::string_view words, double size, bool bold) { return ruler.width_of(words, size, bold); });
  report::Canvas canvas(**cairo, layout.width, layout.height);
  for (const report::Box& band : layout.bands) canvas.draw(band);
  for (const report::Line& line : layout.lines) canvas.draw(line);
  for (const report::Box& bar : layout.bars) canvas.draw(bar);
  for (const report::Line& line : layout.intervals) canvas.draw(line);
  for (const report::Text& text : layout.texts) canvas.draw(text);
  return canvas.png();
}

}  // namespace joulecast
