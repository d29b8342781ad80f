#include "tracking/registry.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace joulecast::tracking {
namespace {

constexpr std::string_view kScoreTag = "joulecast.held_out_rmspe_percent";
constexpr std::string_view kBasisTag = "joulecast.held_out";

std::string tag_of(const Json& owner, std::string_view key) {
  if (!owner.is_object() || !owner.contains("tags") || !owner["tags"].is_array()) return {};
  for (const Json& tag : owner["tags"])
    if (text_at(tag, {"key"}) == key) return text_at(tag, {"value"});
  return {};
}

VersionFacts facts_of(const Json& version) {
  VersionFacts facts{text_at(version, {"version"}), std::nullopt, tag_of(version, kBasisTag)};
  const std::string score = tag_of(version, kScoreTag);
  double value = 0.0;
  const auto [end, code] = std::from_chars(score.data(), score.data() + score.size(), value);
  if (!score.empty() && code == std::errc() && end == score.data() + score.size()) facts.score = value;
  return facts;
}

ApiFault fault(ErrorKind kind, std::string message, std::string hint) {
  return {{kind, std::move(message), {}, std::move(hint)}, 0, {}, false};
}

ApiResult<Json> get_version(Rest& rest, const std::string& name, const std::string& version) {
  auto answer = rest.get("model-versions/get", {{"name", name}, {"version", version}});
  if (!answer) return tl::unexpected(answer.error());
  return answer->value("model_version", Json::object());
}

/// The version that this run has of the model; empty if there is none.
ApiResult<Json> find_version(Rest& rest, const std::string& name, const std::string& run) {
  const auto found = rest.get("model-versions/search", {{"filter", fmt::format("run_id='{}'", run)}});
  if (!found) return tl::unexpected(found.error());
  for (const Json& version : found->value("model_versions", Json::array()))
    if (text_at(version, {"name"}) == name) return version;
  return Json::object();
}

/// The number of a version once it is READY.
ApiResult<std::string> when_ready(Rest& rest, const std::string& name, Json version) {
  constexpr int kQuestions = 60;
  for (int question = 0; question < kQuestions; ++question) {
    const std::string status = text_at(version, {"status"});
    std::string number = text_at(version, {"version"});
    if (status == "FAILED_REGISTRATION")
      return tl::unexpected(fault(
          ErrorKind::kServer,
          fmt::format("{}: the registration of version {} of {} failed", rest.server().uri, number, name),
          "Delete that version in the server's pages, then send again: joulecast track resume"));
    if (status != "PENDING_REGISTRATION") return number;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    auto next = get_version(rest, name, number);
    if (!next) return tl::unexpected(next.error());
    version = std::move(*next);
  }
  return tl::unexpected(fault(ErrorKind::kServer,
                              fmt::format("{}: version {} of {} does not become ready", rest.server().uri,
                                          text_at(version, {"version"}), name),
                              "Look at the model in the server's pages"));
}

/// An alias that does not exist is status 400 with INVALID_PARAMETER_VALUE.
bool is_absent_alias(const ApiFault& fault) {
  return fault.is_absent() || (fault.status == 400 && fault.code == "INVALID_PARAMETER_VALUE");
}

/// Champion by the model's tag, for servers without aliases.
ApiResult<std::string> tagged_champion(Rest& rest, const std::string& name) {
  const auto model = rest.get("registered-models/get", {{"name", name}});
  if (!model) return tl::unexpected(model.error());
  return tag_of(model->value("registered_model", Json::object()), kChampion);
}

ApiResult<std::string> version_of_alias(Rest& rest, const std::string& name, const std::string& alias) {
  const auto found = rest.get("registered-models/alias", {{"name", name}, {"alias", alias}});
  if (found) return text_at(found->value("model_version", Json::object()), {"version"});
  if (alias == kChampion && found.error().is_unknown_call()) return tagged_champion(rest, name);
  if (is_absent_alias(found.error())) return std::string();
  return tl::unexpected(found.error());
}

ApiResult<std::string> latest_version(Rest& rest, const std::string& name) {
  Rest::Parameters question;
  // A filter's text ends at its own quote and has no escapes: a name with both kinds is looked for among all.
  if (name.find('\'') == std::string::npos || name.find('"') == std::string::npos) {
    const char quote = name.find('\'') == std::string::npos ? '\'' : '"';
    question.emplace_back("filter", fmt::format("name={1}{0}{1}", name, quote));
  }
  long newest = 0;
  for (std::string page, next;; page = next) {
    Rest::Parameters part = question;
    if (!page.empty()) part.emplace_back("page_token", page);
    const auto found = rest.get("model-versions/search", part);
    if (!found) return tl::unexpected(found.error());
    for (const Json& version : found->value("model_versions", Json::array()))
      if (text_at(version, {"name"}) == name)
        newest = std::max(newest, std::strtol(text_at(version, {"version"}).c_str(), nullptr, 10));
    next = text_at(*found, {"next_page_token"});
    if (next.empty() || next == page) break;
  }
  return newest == 0 ? std::string() : std::to_string(newest);
}

/// What to say of a server that lacks a model: the names that it has, as far as a message can take them.
std::string hint_of_model_names(Rest& rest) {
  constexpr std::size_t kMost = 8;
  const auto found = rest.get("registered-models/search", {{"max_results", std::to_string(kMost + 1)}});
  if (!found) return "Look for the name in the server's pages; it did not list its models";
  std::string text;
  std::size_t count = 0;
  for (const Json& model : found->value("registered_models", Json::array()))
    if (++count <= kMost) text += (count == 1 ? "" : ", ") + text_at(model, {"name"});
  if (count == 0) return "Nothing is registered there: train --track or models push does that";
  return fmt::format("It has: {}{}", text, count > kMost ? ", ..." : "");
}

/// The same of a model that lacks a version.
std::string hint_of_versions(const Json& model, const std::string& latest) {
  if (latest.empty()) return "All its versions were deleted; train --track or models push makes one";
  std::string aliases;
  if (model.is_object())
    for (const Json& alias : model.value("aliases", Json::array()))
      aliases += fmt::format(", @{}", text_at(alias, {"alias"}));
  return fmt::format("It has: {}{}{}", latest == "1" ? "version " : "versions up to ", latest, aliases);
}

/// Why a server has no such version, and what it has instead.
ApiFault absent_version(Rest& rest, const ModelUri& wanted, bool knows_aliases = true) {
  const std::string& server = rest.server().uri;
  ApiFault absent = of_error({ErrorKind::kServer, {}, {}, {}}, 404);
  absent.code = "RESOURCE_DOES_NOT_EXIST";
  const auto model = rest.get("registered-models/get", {{"name", wanted.name}});
  if (!model) {
    if (!model.error().is_absent()) return model.error();
    absent.error.message = fmt::format("{} has no model '{}'", server, wanted.name);
    absent.error.hint = hint_of_model_names(rest);
    return absent;
  }
  const auto latest = latest_version(rest, wanted.name);
  if (!latest) return latest.error();
  const std::string what = wanted.is_alias     ? fmt::format("alias '{}'", wanted.which)
                           : wanted.is_fixed() ? fmt::format("version {}", wanted.which)
                                               : "version";
  absent.error.message = knows_aliases
                             ? fmt::format("{} has no {} of the model '{}'", server, what, wanted.name)
                             : fmt::format("{} knows no aliases: there is no '{}' of the model '{}'", server,
                                           wanted.which, wanted.name);
  absent.error.hint = hint_of_versions(model->value("registered_model", Json::object()), *latest);
  if (!knows_aliases && !latest->empty())
    absent.error.hint += fmt::format("; name one: {}{}/{}", kModelScheme, wanted.name, *latest);
  return absent;
}

/// Is a refusal of the call for a version's files about a version that is not there? Status 400 tells of
/// numbers that are none, but of other faults too.
bool is_absent_version(Rest& rest, const ModelUri& wanted, const ApiFault& fault) {
  if (fault.is_absent()) return true;
  return fault.status == 400 && wanted.is_fixed() && !get_version(rest, wanted.name, wanted.which);
}

}  // namespace

Decision decide(Promotion promotion, const ModelRegistration& wanted,
                const std::optional<VersionFacts>& champion) {
  if (promotion == Promotion::kNever) return {false, "--promote never"};
  if (promotion == Promotion::kAlways) return {true, "--promote always"};
  if (!champion) return {true, "the first champion"};
  if (!wanted.score) return {false, "nothing was held out to judge it by"};
  if (!champion->score || champion->score_basis != wanted.score_basis)
    return {false, fmt::format("version {} was judged on other networks", champion->version)};
  const bool better = *wanted.score < *champion->score;
  return {better, fmt::format("held-out RMSPE {:.2f} % {} {:.2f} % of version {}", *wanted.score,
                              better ? "is below" : "is not below", *champion->score, champion->version)};
}

ApiResult<std::string> version_of_run(Rest& rest, const ModelRegistration& wanted,
                                      const VersionSource& source, bool maybe_there) {
  const auto model =
      rest.post("registered-models/create",
                {{"name", wanted.name}, {"tags", {{{"key", "joulecast.model"}, {"value", "true"}}}}});
  if (!model && !model.error().already_exists()) return tl::unexpected(model.error());
  Json tags = Json::array();
  if (wanted.score) {
    tags.push_back({{"key", kScoreTag}, {"value", fmt::format("{}", *wanted.score)}});
    tags.push_back({{"key", kBasisTag}, {"value", wanted.score_basis}});
  }
  Json body = {{"name", wanted.name},
               {"source", source.uri},
               {"run_id", source.run},
               {"description", wanted.description},
               {"tags", tags}};
  if (!source.logged_model.empty()) body["model_id"] = source.logged_model;
  for (int attempt = 0;; ++attempt) {
    const auto found = maybe_there || attempt > 0 ? find_version(rest, wanted.name, source.run)
                                                  : ApiResult<Json>(Json::object());
    if (!found) return tl::unexpected(found.error());
    if (!found->empty()) return when_ready(rest, wanted.name, *found);
    const auto made = rest.post("model-versions/create", body, false);
    if (made) return when_ready(rest, wanted.name, made->value("model_version", Json::object()));
    if (!made.error().uncertain || attempt >= rest.server().retries) return tl::unexpected(made.error());
  }
}

ApiResult<std::optional<VersionFacts>> champion_of(Rest& rest, const std::string& name) {
  const auto version = version_of_alias(rest, name, std::string(kChampion));
  if (!version) return tl::unexpected(version.error());
  if (version->empty()) return std::nullopt;
  const auto found = get_version(rest, name, *version);
  if (!found) {
    if (found.error().is_absent()) return std::nullopt;  // a tag that names a version deleted since
    return tl::unexpected(found.error());
  }
  return facts_of(*found);
}

ApiResult<bool> make_champion(Rest& rest, const std::string& name, const std::string& version) {
  const auto alias =
      rest.post("registered-models/alias", {{"name", name}, {"alias", kChampion}, {"version", version}});
  if (alias) return true;
  if (!alias.error().is_unknown_call()) return tl::unexpected(alias.error());
  const auto tag =
      rest.post("registered-models/set-tag", {{"name", name}, {"key", kChampion}, {"value", version}});
  if (!tag) return tl::unexpected(tag.error());
  return false;
}

Expected<ModelUri> parse_model_uri(std::string_view uri) {
  std::string_view rest = uri;
  if (rest.starts_with(kModelScheme)) rest.remove_prefix(kModelScheme.size());
  while (rest.starts_with('/')) rest.remove_prefix(1);
  const std::size_t split = std::min(rest.find_first_of("@/"), rest.size());
  ModelUri model{std::string(rest.substr(0, split)), {}, false};
  model.which = rest.substr(std::min(split + 1, rest.size()));
  if (!uri.starts_with(kModelScheme) || model.name.empty() || model.which.empty() ||
      model.which.find('/') != std::string::npos)
    return fail(ErrorKind::kUsage, fmt::format("'{}' names no model of a registry", uri), {},
                "Give models:/NAME/VERSION, models:/NAME@ALIAS or models:/NAME/latest");
  model.is_alias = rest[split] == '@';
  return model;
}

ApiResult<ResolvedModel> resolve_model(Rest& rest, std::string_view uri) {
  const auto wanted = parse_model_uri(uri);
  if (!wanted) return tl::unexpected(of_error(wanted.error()));
  ResolvedModel model{wanted->name, {}, {}};
  const auto version = wanted->is_alias     ? version_of_alias(rest, model.name, wanted->which)
                       : wanted->is_fixed() ? ApiResult<std::string>(wanted->which)
                                            : latest_version(rest, model.name);
  if (!version && wanted->is_alias && version.error().is_unknown_call())
    return tl::unexpected(absent_version(rest, *wanted, false));
  if (!version && !version.error().is_absent()) return tl::unexpected(version.error());
  if (!version || version->empty()) return tl::unexpected(absent_version(rest, *wanted));
  const auto found =
      rest.get("model-versions/get-download-uri", {{"name", model.name}, {"version", *version}});
  if (!found && is_absent_version(rest, *wanted, found.error()))
    return tl::unexpected(absent_version(rest, *wanted));
  if (!found) return tl::unexpected(found.error());
  model.version = *version;
  model.source = text_at(*found, {"artifact_uri"});
  constexpr std::string_view kRuns = "runs:/";
  if (model.source.starts_with(kRuns)) {  // of a run's artifacts, which the server does not look up
    const std::string path = model.source.substr(kRuns.size());
    const std::size_t slash = std::min(path.find('/'), path.size());
    const auto run = rest.get("runs/get", {{"run_id", path.substr(0, slash)}});
    if (!run) return tl::unexpected(run.error());
    const Json info = run->value("run", Json::object()).value("info", Json::object());
    model.source = text_at(info, {"artifact_uri"}) + path.substr(slash);
  }
  return model;
}

}  // namespace joulecast::tracking
