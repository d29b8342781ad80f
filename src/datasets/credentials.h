// Who we are to DagsHub and to buckets, as their own programs have it. Secrets: never print them.
#pragma once

#include <optional>
#include <string>

#include "http/message.h"
#include "joulecast/environment.h"
#include "joulecast/error.h"

namespace joulecast::datasets {

struct DagshubAccount {
  std::string host;   ///< DAGSHUB_CLIENT_HOST, else https://dagshub.com; without a last slash
  std::string token;  ///< for this host alone; empty: none
};
/// DAGSHUB_USER_TOKEN, else what DagsHub's own program has put into its cache for the host: an app-token, or
/// one that has not expired. Error kUsage if DAGSHUB_CLIENT_HOST is no address.
Expected<DagshubAccount> dagshub_account(const Environment& environment);

/// Keys and region of a section of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials) and AWS_CONFIG_FILE; the
/// profile is the one given, else AWS_PROFILE, else "default". Keys that are there already stay, and so does
/// a region that AWS_REGION or AWS_DEFAULT_REGION gives. Nothing changes where there are none.
void take_aws_profile(const std::string& profile, const Environment& environment, http::SigningKeys& keys);

}  // namespace joulecast::datasets
