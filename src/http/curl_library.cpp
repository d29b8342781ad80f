#include "http/curl_library.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "base/shared_library.h"

namespace joulecast::http {
namespace {

struct LoadedCurl {
  CurlLibrary library;
  std::string fault;
};

void find_curl(SharedLibrary& from, CurlLibrary& curl) {
  from.find("curl_global_init", curl.global_init);
  from.find("curl_easy_init", curl.easy_init);
  from.find("curl_easy_cleanup", curl.easy_cleanup);
  from.find("curl_easy_reset", curl.easy_reset);
  from.find("curl_easy_setopt", curl.easy_setopt);
  from.find("curl_easy_perform", curl.easy_perform);
  from.find("curl_easy_getinfo", curl.easy_getinfo);
  from.find("curl_easy_strerror", curl.easy_strerror);
  from.find("curl_slist_append", curl.slist_append);
  from.find("curl_slist_free_all", curl.slist_free_all);
}

LoadedCurl load_curl() {
  // The second differs in its TLS library alone.
  constexpr std::array<const char*, 2> kNames = {"libcurl.so.4", "libcurl-gnutls.so.4"};
  LoadedCurl loaded;
  for (const char* name : kNames) {
    SharedLibrary library(name);
    find_curl(library, loaded.library);
    std::string fault = library.fault();
    if (fault.empty() && loaded.library.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
      fault = fmt::format("{} does not start", name);
    if (fault.empty()) return {loaded.library, {}};
    if (loaded.fault.empty()) loaded.fault = std::move(fault);
  }
  return loaded;
}

}  // namespace

Expected<const CurlLibrary*> curl_library() {
  static const LoadedCurl kLoaded = load_curl();
  if (!kLoaded.fault.empty())
    return fail(ErrorKind::kServer, fmt::format("libcurl cannot be loaded: {}", kLoaded.fault), {},
                "Install it (Debian: apt-get install libcurl4)");
  return &kLoaded.library;
}

}  // namespace joulecast::http
