#include "datasets/remote_options.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <fmt/format.h>

namespace joulecast::datasets {
namespace {

std::string in_small_letters(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

Expected<void> take_seconds(const DvcRemote& remote, const std::string& option, double& seconds) {
  const std::string text = remote.option(option);
  if (text.empty()) return {};
  double given = 0.0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), given);
  if (code != std::errc() || end != text.data() + text.size() || !(given > 0.0 && given < 1e6))
    return tl::unexpected(unsupported_option(remote, option, "Give seconds"));
  seconds = given;
  return {};
}

}  // namespace

Error unsupported_option(const DvcRemote& remote, std::string_view option, std::string hint) {
  return {ErrorKind::kUsage,
          fmt::format("the option {} of the remote '{}' cannot be heeded", option, remote.name),
          {},
          std::move(hint)};
}

Expected<void> check_options(const DvcRemote& remote, std::initializer_list<std::string_view> known,
                             std::span<const std::string_view> more) {
  constexpr std::string_view kWithoutMeaning[] = {"url", "jobs", "checksum_jobs", "no_traverse", "verify"};
  for (const auto& [option, value] : remote.options) {
    if (std::find(known.begin(), known.end(), option) != known.end()) continue;
    if (std::find(more.begin(), more.end(), option) != more.end()) continue;
    if (std::find(std::begin(kWithoutMeaning), std::end(kWithoutMeaning), option) !=
        std::end(kWithoutMeaning))
      continue;
    // Off, they mean nothing either.
    const bool layout = option == "version_aware" || option == "worktree";
    if (layout && in_small_letters(value) == "false") continue;
    return tl::unexpected(unsupported_option(
        remote, option,
        layout ? "Objects by version or under their own names are DVC's alone: use DVC, or another remote"
               : "Use DVC itself, or remove the option: dvc remote modify --unset NAME OPTION"));
  }
  return {};
}

Expected<bool> flag_option(const DvcRemote& remote, const std::string& option, bool usual) {
  const std::string text = in_small_letters(remote.option(option));
  if (text.empty()) return usual;
  if (text == "true") return true;
  if (text == "false") return false;
  return tl::unexpected(unsupported_option(remote, option, "Set it to true or false"));
}

Expected<void> take_transport(const DvcRemote& remote, http::ClientOptions& options) {
  const std::string verify = remote.option("ssl_verify");
  if (const auto flag = flag_option(remote, "ssl_verify", true)) {
    options.verify_tls = *flag;
  } else {  // a file of certificates
    std::error_code code;
    if (!std::filesystem::is_regular_file(verify, code))
      return tl::unexpected(
          unsupported_option(remote, "ssl_verify", "Give true, false or a PEM file that is there"));
    options.ca_bundle = verify;
  }
  if (auto ok = take_seconds(remote, "connect_timeout", options.connect_timeout_seconds); !ok) return ok;
  return take_seconds(remote, "read_timeout", options.silence_timeout_seconds);
}

}  // namespace joulecast::datasets
