#include "http/curl_library.h"

#include <dlfcn.h>

#include <array>
#include <string>

#include <fmt/format.h>

namespace joulecast::http {
namespace {

struct Loaded {
  CurlLibrary library;
  std::string fault;
};

template <class Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

bool find_all(void* handle, CurlLibrary& curl) {
  return find(handle, "curl_global_init", curl.global_init) &&
         find(handle, "curl_easy_init", curl.easy_init) &&
         find(handle, "curl_easy_cleanup", curl.easy_cleanup) &&
         find(handle, "curl_easy_reset", curl.easy_reset) &&
         find(handle, "curl_easy_setopt", curl.easy_setopt) &&
         find(handle, "curl_easy_perform", curl.easy_perform) &&
         find(handle, "curl_easy_getinfo", curl.easy_getinfo) &&
         find(handle, "curl_easy_strerror", curl.easy_strerror) &&
         find(handle, "curl_slist_append", curl.slist_append) &&
         find(handle, "curl_slist_free_all", curl.slist_free_all);
}

Loaded load() {
  // The second differs in its TLS library alone.
  constexpr std::array<const char*, 2> kNames = {"libcurl.so.4", "libcurl-gnutls.so.4"};
  Loaded loaded;
  for (const char* name : kNames) {
    void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      if (loaded.fault.empty())
        loaded.fault = ::dlerror();  // NOLINT(concurrency-mt-unsafe): under the static's lock
      continue;
    }
    if (find_all(handle, loaded.library) && loaded.library.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
      loaded.fault.clear();
      return loaded;
    }
    loaded.fault = fmt::format("{} lacks functions", name);
  }
  return loaded;
}

}  // namespace

Expected<const CurlLibrary*> curl_library() {
  static const Loaded kLoaded = load();
  if (!kLoaded.fault.empty())
    return fail(ErrorKind::kServer, fmt::format("libcurl cannot be loaded: {}", kLoaded.fault), {},
                "Install it (Debian: apt-get install libcurl4)");
  return &kLoaded.library;
}

}  // namespace joulecast::http
