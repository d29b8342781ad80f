// libcurl's codes in words.
#include <fmt/format.h>

#include "http/transfer.h"
#include "http/url.h"

namespace joulecast::http {
namespace {

/// "https://host:port": what a message names of a URL.
std::string server_of(const std::string& url) {
  auto parts = parse_url(url);
  if (!parts) return url;
  parts->rest.clear();
  return parts->text();
}

Fault server_fault(std::string message, std::string hint, bool passing, bool carried_out) {
  return {{ErrorKind::kServer, std::move(message), {}, std::move(hint)}, passing, carried_out};
}

}  // namespace

Fault fault_of(CURLcode code, const std::string& url, const std::string& detail,
               const SettingNames& settings) {
  const std::string server = server_of(url);
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {{ErrorKind::kUsage,
               fmt::format("{} is no address of a server: {}", server, detail),
               {},
               "Give one that begins with http:// or https://"}};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return server_fault(fmt::format("{}: the name of the host is not known ({})", server, detail),
                          "Check the address and the network", true, false);
    case CURLE_COULDNT_CONNECT:
      return server_fault(fmt::format("{} does not answer: {}", server, detail),
                          "Is the server running, and is its port the one in the address?", true, false);
    case CURLE_OPERATION_TIMEDOUT:
      return server_fault(fmt::format("{} took too long: {}", server, detail),
                          settings.timeout.empty()
                              ? "Try again later"
                              : fmt::format("Try again later; {} sets the seconds to wait", settings.timeout),
                          true, true);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return server_fault(fmt::format("{}: its TLS certificate is not trusted: {}", server, detail),
                          fmt::format("Name its authority's file in {}", settings.ca_bundle), false, false);
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return server_fault(fmt::format("a TLS certificate file cannot be used: {}", detail),
                          fmt::format("Check {}", settings.certificates), false, false);
    case CURLE_SSL_CONNECT_ERROR:
      return server_fault(fmt::format("{}: no TLS connection: {}", server, detail),
                          "Does the server speak https? Else give its address with http://", false, false);
    case CURLE_TOO_MANY_REDIRECTS:
      return server_fault(fmt::format("{} redirects in circles", server), "Check the address", false, false);
    case CURLE_WRITE_ERROR:
      return server_fault(fmt::format("{}: an answer beyond all measure", server), "Check the address", false,
                          true);
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_READ_ERROR:
      return {{ErrorKind::kUnreadable, "a file could not be read while it was sent", {}, "Check the disk"}};
    default:
      // Connections that break: CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE...
      return server_fault(fmt::format("{}: the connection broke: {}", server, detail), "Try again", true,
                          true);
  }
}

}  // namespace joulecast::http
