// Registered models, their versions, and which of them is the champion.
#pragma once

#include <optional>
#include <string>

#include "tracking/rest.h"

namespace joulecast::tracking {

inline constexpr std::string_view kChampion = "champion";

/// What a version of a model says of itself in its tags.
struct VersionFacts {
  std::string version;
  std::optional<double> score;
  std::string score_basis;
};

/// What `--promote` makes of a new version. Pure.
struct Decision {
  bool promote = false;
  std::string reason;
};
Decision decide(Promotion promotion, const ModelRegistration& wanted,
                const std::optional<VersionFacts>& champion);

/// What a version is made of.
struct VersionSource {
  std::string uri;           ///< of the artifacts, or models:/ID of a logged model
  std::string run;           ///< id
  std::string logged_model;  ///< id; empty: none
};
/// A version of `wanted` from the artifacts of a run: the one that an earlier attempt has made, which is
/// looked for first only if it is `maybe_there` and after each lost answer; else a new one. Either is READY:
/// that is waited for, and a fault tells if it fails.
ApiResult<std::string> version_of_run(Rest& rest, const ModelRegistration& wanted,
                                      const VersionSource& source, bool maybe_there);
/// The champion of a model, by alias, or by tag where a server knows no aliases.
ApiResult<std::optional<VersionFacts>> champion_of(Rest& rest, const std::string& name);
/// Makes a version the champion. The value tells whether it is an alias (else a tag of the model).
ApiResult<bool> make_champion(Rest& rest, const std::string& name, const std::string& version);

inline constexpr std::string_view kModelScheme = "models:/";
/// The parts of models:/NAME/VERSION, models:/NAME@ALIAS or models:/NAME/latest.
struct ModelUri {
  std::string name;
  std::string which;  ///< version, alias, or "latest"
  bool is_alias = false;

  /// It names one version for all times.
  [[nodiscard]] bool is_fixed() const { return !is_alias && which != "latest"; }
};
/// Error kUsage: it has none of these forms.
Expected<ModelUri> parse_model_uri(std::string_view uri);

/// Where the artifacts of models:/NAME/VERSION, @ALIAS or /latest lie.
struct ResolvedModel {
  std::string name, version, source;
};
ApiResult<ResolvedModel> resolve_model(Rest& rest, std::string_view uri);

}  // namespace joulecast::tracking
