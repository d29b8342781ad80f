// One attempt at a request.
#pragma once

#include "http/client.h"
#include "http/curl_library.h"

namespace joulecast::http {

/// `handle` is reset first; it keeps the connections. The answer's body goes to `request.download` if the
/// status is 2xx.
tl::expected<Response, Fault> transfer(const CurlLibrary& curl, CURL* handle, const Request& request,
                                       const ClientOptions& options);

/// The error for what libcurl reports, in the words of the one who asked for `url`. `detail` is libcurl's own
/// text.
Fault fault_of(CURLcode code, const std::string& url, const std::string& detail,
               const SettingNames& settings);

}  // namespace joulecast::http
