// libcurl, loaded when the first request is made.
//
// Loading it costs several milliseconds (TLS, Kerberos, LDAP come with it), more than the whole start-up of a
// command that needs no network. So nothing links it: its functions are found by name.
#pragma once

#define CURL_DISABLE_TYPECHECK  // its macros would call the functions that are not linked
#include <curl/curl.h>

#include "joulecast/error.h"

namespace joulecast::http {

/// The functions of libcurl that are used.
struct CurlLibrary {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_reset) easy_reset = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

/// Loaded once a process, and kept. Error kServer: the library is not installed, or not of version 4.
Expected<const CurlLibrary*> curl_library();

}  // namespace joulecast::http
