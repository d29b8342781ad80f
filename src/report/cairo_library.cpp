#include "report/cairo_library.h"

#include <string>

#include <fmt/format.h>

#include "base/shared_library.h"

namespace joulecast::report {
namespace {

struct LoadedCairo {
  CairoLibrary library;
  std::string fault;
};

void find_cairo(SharedLibrary& from, CairoLibrary& cairo) {
  from.find("cairo_image_surface_create", cairo.image_surface_create);
  from.find("cairo_surface_destroy", cairo.surface_destroy);
  from.find("cairo_surface_write_to_png_stream", cairo.surface_write_to_png_stream);
  from.find("cairo_create", cairo.create);
  from.find("cairo_destroy", cairo.destroy);
  from.find("cairo_status", cairo.status);
  from.find("cairo_status_to_string", cairo.status_to_string);
  from.find("cairo_scale", cairo.scale);
  from.find("cairo_set_source_rgb", cairo.set_source_rgb);
  from.find("cairo_paint", cairo.paint);
  from.find("cairo_rectangle", cairo.rectangle);
  from.find("cairo_fill", cairo.fill);
  from.find("cairo_move_to", cairo.move_to);
  from.find("cairo_line_to", cairo.line_to);
  from.find("cairo_set_line_width", cairo.set_line_width);
  from.find("cairo_stroke", cairo.stroke);
  from.find("cairo_select_font_face", cairo.select_font_face);
  from.find("cairo_set_font_size", cairo.set_font_size);
  from.find("cairo_text_extents", cairo.text_extents);
  from.find("cairo_show_text", cairo.show_text);
}

LoadedCairo load_cairo() {
  LoadedCairo loaded;
  SharedLibrary library("libcairo.so.2");
  find_cairo(library, loaded.library);
  loaded.fault = library.fault();
  return loaded;
}

}  // namespace

Expected<const CairoLibrary*> cairo_library() {
  static const LoadedCairo kLoaded = load_cairo();
  if (!kLoaded.fault.empty())
    return fail(ErrorKind::kUnfit, fmt::format("libcairo cannot be loaded: {}", kLoaded.fault), {},
                "Install it (Debian: apt-get install libcairo2)");
  return &kLoaded.library;
}

}  // namespace joulecast::report
