// Options of DVC's remotes: each is heeded or refused by its name, none is passed over without a word.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "datasets/dvc_config.h"
#include "http/client.h"
#include "joulecast/error.h"

namespace joulecast::datasets {

/// Are all options among `known`, `more` and those that mean nothing here (how many jobs DVC runs, whether it
/// verifies, what it does not look at any more itself)? Error kUsage names the first other one.
Expected<void> check_options(const DvcRemote& remote, std::initializer_list<std::string_view> known,
                             std::span<const std::string_view> more = {});
/// "true" or "false" in whatever letters, `usual` where it is not set. Error kUsage.
Expected<bool> flag_option(const DvcRemote& remote, const std::string& option, bool usual);
/// ssl_verify, connect_timeout and read_timeout. Error kUsage.
Expected<void> take_transport(const DvcRemote& remote, http::ClientOptions& options);
/// kUsage: the option cannot be heeded as it stands. Its value is not told: it may be a secret.
Error unsupported_option(const DvcRemote& remote, std::string_view option, std::string hint);

}  // namespace joulecast::datasets
