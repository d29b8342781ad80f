// An HTTP client for a program that talks to one server for a while.
//
// Connections are kept open between requests. Passing faults are repeated with back-off (retry.h). Redirects
// are followed five times at most, never from https to http, and without credentials to another host. TLS is
// verified unless the options say otherwise. Proxies are those of HTTP(S)_PROXY and NO_PROXY. No secret is
// part of an error.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "http/message.h"
#include "http/retry.h"
#include "joulecast/error.h"

namespace joulecast::http {

/// What messages tell the user to set: the names of whoever makes the requests.
struct SettingNames {
  std::string timeout;  ///< seconds to wait; empty: there is no such setting
  std::string ca_bundle = "SSL_CERT_FILE";
  std::string certificates = "SSL_CERT_FILE";  ///< all that name files of certificates
};

struct ClientOptions {
  RetryPolicy retry;
  double connect_timeout_seconds = 15.0;
  double silence_timeout_seconds = 120.0;  ///< without a byte in either direction
  bool verify_tls = true;
  std::string ca_bundle;           ///< PEM file; empty: the system's
  std::string client_certificate;  ///< PEM file with its key; empty: none
  SettingNames settings;
  /// Told why a request is made again, and after how many seconds.
  std::function<void(const std::string& why, double seconds)> on_retry;
  /// Waits; the tests count instead.
  std::function<void(double seconds)> sleep;
};

/// Not for several threads at once.
class Client {
 public:
  explicit Client(ClientOptions options);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// An answer of any status once repetitions are used up. Errors: kServer (no connection, time-out, TLS,
  /// answer cut off), kUsage (no http URL), kUnreadable (upload), kNotWritable (download).
  tl::expected<Response, Fault> send(const Request& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace joulecast::http
