#include "report/cairo_library.h"

#include <dlfcn.h>

#include <string>

#include <fmt/format.h>

namespace joulecast::report {
namespace {

struct LoadedCairo {
  CairoLibrary library;
  std::string fault;
};

template <class Function>
bool find_function(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

bool find_functions(void* handle, CairoLibrary& cairo) {
  const auto find = [handle](const char* name, auto& function) {
    return find_function(handle, name, function);
  };
  return find("cairo_image_surface_create", cairo.image_surface_create) &&
         find("cairo_surface_destroy", cairo.surface_destroy) &&
         find("cairo_surface_write_to_png_stream", cairo.surface_write_to_png_stream) &&
         find("cairo_create", cairo.create) && find("cairo_destroy", cairo.destroy) &&
         find("cairo_status", cairo.status) && find("cairo_status_to_string", cairo.status_to_string) &&
         find("cairo_scale", cairo.scale) && find("cairo_set_source_rgb", cairo.set_source_rgb) &&
         find("cairo_paint", cairo.paint) && find("cairo_rectangle", cairo.rectangle) &&
         find("cairo_fill", cairo.fill) && find("cairo_move_to", cairo.move_to) &&
         find("cairo_line_to", cairo.line_to) && find("cairo_set_line_width", cairo.set_line_width) &&
         find("cairo_stroke", cairo.stroke) && find("cairo_select_font_face", cairo.select_font_face) &&
         find("cairo_set_font_size", cairo.set_font_size) && find("cairo_text_extents", cairo.text_extents) &&
         find("cairo_show_text", cairo.show_text);
}

LoadedCairo load_cairo() {
  constexpr const char* kName = "libcairo.so.2";
  LoadedCairo loaded;
  void* handle = ::dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    loaded.fault = ::dlerror();  // NOLINT(concurrency-mt-unsafe): under the static's lock
  else if (!find_functions(handle, loaded.library))
    loaded.fault = fmt::format("{} lacks functions", kName);
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
