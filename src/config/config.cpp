#include "config/config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/input_file.h"

namespace joulecast {
namespace {

/// Walks a YAML tree; keeps the first fault, gathers unknown keys as warnings.
class Reader {
 public:
  Reader(std::string_view source, std::vector<Warning>& warnings) : source_(source), warnings_(warnings) {}

  using Members = std::vector<std::pair<std::string_view, std::function<void(const YAML::Node&)>>>;

  /// Hands each member of a mapping to its function. An empty value (`key:`) is taken as absent.
  void mapping(const YAML::Node& node, const std::string& path, const Members& members) {
    if (!node.IsMap()) return fault(node, path, "is no mapping of keys to values");
    for (const auto& item : node) {
      const std::string key = item.first.IsScalar() ? item.first.Scalar() : "?";
      const auto known = std::find_if(members.begin(), members.end(),
                                      [&](const auto& member) { return member.first == key; });
      if (known == members.end()) {
        warnings_.push_back({fmt::format("unknown key {}", join(path, key)), place(item.first)});
      } else if (!item.second.IsNull()) {
        known->second(item.second);
      }
    }
  }

  template <class T>
  void scalar(const YAML::Node& node, const std::string& path, T& to, std::string_view what) {
    try {
      if (node.IsScalar()) {
        to = node.as<T>();
        return;
      }
    } catch (const YAML::Exception&) {  // reported below
    }
    fault(node, path, fmt::format("is no {}", what));
  }
  void text(const YAML::Node& node, const std::string& path, std::string& to) {
    scalar(node, path, to, "text");
  }
  void truth(const YAML::Node& node, const std::string& path, bool& to) {
    scalar(node, path, to, "true or false");
  }
  void number(const YAML::Node& node, const std::string& path, double& to) {
    scalar(node, path, to, "number");
    if (!(to > 0.0) || !std::isfinite(to)) fault(node, path, "is not above 0");
  }
  void count(const YAML::Node& node, const std::string& path, std::size_t& to, long least) {
    long value = 0;
    scalar(node, path, value, "whole number");
    if (value < least || value > 1'000'000'000)
      fault(node, path, fmt::format("is not {} to 1000000000", least));
    to = static_cast<std::size_t>(std::max(value, least));
  }
  void texts(const YAML::Node& node, const std::string& path, std::vector<std::string>& to) {
    if (!node.IsSequence()) return fault(node, path, "is no list");
    to.clear();
    for (std::size_t i = 0; i < node.size(); ++i)
      text(node[i], fmt::format("{}[{}]", path, i), to.emplace_back());
  }

  void fault(const YAML::Node& node, const std::string& path, std::string_view what) {
    if (error_) return;
    error_ = Error{ErrorKind::kMalformed, fmt::format("{} {}", path.empty() ? "the file" : path, what),
                   place(node), "docs/configuration.md lists keys and values"};
  }
  static std::string join(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  [[nodiscard]] Location place(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    return {source_, mark.line < 0 ? 0 : static_cast<std::uint64_t>(mark.line) + 1};
  }

  std::string source_;
  std::vector<Warning>& warnings_;
  std::optional<Error> error_;
};

using Node = YAML::Node;

void read_special_terms(Reader& reader, const Node& node, const std::string& path, ReferenceKind kind,
                        LassoRecipe& recipe) {
  if (!node.IsSequence()) return reader.fault(node, path, "is no list");
  recipe.special_terms.clear();
  const auto names = reference_feature_names(kind);
  for (std::size_t i = 0; i < node.size(); ++i) {
    const std::string at = fmt::format("{}[{}]", path, i);
    std::vector<std::string> term;
    if (node[i].IsSequence()) {
      reader.texts(node[i], at, term);
      for (const std::string& feature : term)
        if (std::find(names.begin(), names.end(), feature) == names.end())
          reader.fault(node[i], at, fmt::format("names no feature: {}", feature));
    } else {
      std::string name;
      reader.text(node[i], at, name);
      const auto known = named_special_term(kind, name);
      if (!known)
        reader.fault(node[i], at, fmt::format("is no special term of {} layers: {}", to_string(kind), name));
      term = known.value_or(term);
    }
    recipe.special_terms.push_back(std::move(term));
  }
}

void read_lasso(Reader& reader, const Node& node, const std::string& path, LassoRecipe& recipe) {
  LassoOptions& lasso = recipe.lasso;
  const auto at = [&](std::string_view key) { return Reader::join(path, key); };
  reader.mapping(
      node, path,
      {{"positive", [&](const Node& n) { reader.truth(n, at("positive"), lasso.positive); }},
       {"fit_intercept", [&](const Node& n) { reader.truth(n, at("fit_intercept"), lasso.fit_intercept); }},
       {"n_alphas", [&](const Node& n) { reader.count(n, at("n_alphas"), lasso.alphas, 1); }},
       {"max_iter", [&](const Node& n) { reader.count(n, at("max_iter"), lasso.max_iterations, 1); }},
       {"eps", [&](const Node& n) { reader.number(n, at("eps"), lasso.eps); }},
       {"tol", [&](const Node& n) { reader.number(n, at("tol"), lasso.tolerance); }},
       {"cv", [&](const Node& n) { reader.count(n, at("cv"), recipe.folds, 2); }}});
}

void read_recipe(Reader& reader, const Node& node, const std::string& path, ReferenceKind kind,
                 LassoRecipe& recipe) {
  const auto at = [&](std::string_view key) { return Reader::join(path, key); };
  const auto read_degree = [&](const Node& n) {
    std::size_t degree = 0;
    reader.count(n, at("degree"), degree, 1);
    if (degree > 6) reader.fault(n, at("degree"), "is not 1 to 6");
    recipe.degree = static_cast<int>(degree);
  };
  const auto read_scaler = [&](const Node& n) {
    std::string name;
    reader.text(n, at("scaler"), name);
    const auto scaler = scaler_from(name);
    if (!scaler || *scaler == Scaler::kNone)
      reader.fault(n, at("scaler"), "is none of standard, robust, minmax");
    recipe.scaler = scaler.value_or(recipe.scaler);
  };
  reader.mapping(node, path,
                 {{"degree", read_degree},
                  {"log_scale", [&](const Node& n) { reader.truth(n, at("log_scale"), recipe.log_scale); }},
                  {"special_terms",
                   [&](const Node& n) { read_special_terms(reader, n, at("special_terms"), kind, recipe); }},
                  {"scaler", read_scaler},
                  {"lasso", [&](const Node& n) { read_lasso(reader, n, at("lasso"), recipe); }}});
}

void read_models(Reader& reader, const Node& node, Config& config) {
  Reader::Members kinds;
  for (const ReferenceKind kind : kReferenceKinds) {
    kinds.emplace_back(to_string(kind), [&reader, &config, kind](const Node& of_kind) {
      const std::string kind_path = Reader::join("models", to_string(kind));
      Reader::Members targets;
      for (const Target target : kTargets) {
        targets.emplace_back(to_string(target), [&reader, &config, kind, target, kind_path](const Node& n) {
          LassoRecipe recipe = reference_recipe(kind, target);
          if (config.cross_validation) recipe.folds = *config.cross_validation;
          read_recipe(reader, n, Reader::join(kind_path, to_string(target)), kind, recipe);
          config.recipes.insert_or_assign(std::pair(kind, target), std::move(recipe));
        });
      }
      reader.mapping(of_kind, kind_path, targets);
    });
  }
  reader.mapping(node, "models", kinds);
}

void read_tracking(Reader& reader, const Node& node, TrackingConfig& tracking) {
  reader.mapping(
      node, "mlflow",
      {{"enable_tracking",
        [&](const Node& n) { reader.truth(n, "mlflow.enable_tracking", tracking.enable_tracking); }},
       {"mlflow_experiment_name",
        [&](const Node& n) { reader.text(n, "mlflow.mlflow_experiment_name", tracking.experiment_name); }},
       {"dagshub_repo_owner",
        [&](const Node& n) { reader.text(n, "mlflow.dagshub_repo_owner", tracking.dagshub_repo_owner); }},
       {"dagshub_repo_name",
        [&](const Node& n) { reader.text(n, "mlflow.dagshub_repo_name", tracking.dagshub_repo_name); }}});
}

void read_document(Reader& reader, const Node& root, Config& config) {
  const auto read_data = [&](const Node& node) {
    reader.mapping(node, "data",
                   {{"data_dir",
                     [&](const Node& n) {
                       std::string folder;
                       reader.text(n, "data.data_dir", folder);
                       config.data_dir = folder;
                     }},
                    {"test_models", [&](const Node& n) {
                       reader.texts(n, "data.test_models", config.test_networks.emplace());
                     }}});
  };
  const auto read_model = [&](const Node& node) {
    reader.mapping(node, "model", {{"cross_validation", [&](const Node& n) {
                                      reader.count(n, "model.cross_validation",
                                                   config.cross_validation.emplace(), 2);
                                    }}});
  };
  // Recipes take their default of folds from `model:`, which may stand behind them in the file.
  Node models;
  reader.mapping(root, "",
                 {{"data", read_data},
                  {"model", read_model},
                  {"mlflow", [&](const Node& n) { read_tracking(reader, n, config.tracking.emplace()); }},
                  {"models", [&](const Node& n) { models.reset(n); }}});
  if (models.IsDefined() && !models.IsNull()) read_models(reader, models, config);
}

}  // namespace

void Config::apply_to(TrainOptions& options) const {
  if (test_networks) options.test_networks = *test_networks;
  for (const ReferenceKind kind : kReferenceKinds) {
    for (const Target target : kTargets) {
      if (const auto own = recipes.find({kind, target}); own != recipes.end()) {
        options.recipes.insert_or_assign(own->first, own->second);
      } else if (cross_validation) {
        const auto recipe = options.recipes.try_emplace({kind, target}, reference_recipe(kind, target)).first;
        recipe->second.folds = *cross_validation;
      }
    }
  }
}

Expected<Config> parse_config(std::string_view text, std::string_view source) {
  Config config;
  YAML::Node root;
  try {
    root = YAML::Load(std::string(text));
  } catch (const YAML::Exception& fault) {
    return fail(ErrorKind::kMalformed, fmt::format("is no YAML: {}", fault.msg),
                {std::string(source), static_cast<std::uint64_t>(std::max(fault.mark.line, -1) + 1)},
                "Correct the line; docs/configuration.md shows the form");
  }
  if (root.IsNull()) return config;  // an empty file says nothing
  Reader reader(source, config.warnings);
  read_document(reader, root, config);
  if (reader.error()) return tl::unexpected(*reader.error());
  return config;
}

Expected<Config> read_config(const std::filesystem::path& path) {
  const auto text = read_whole_file(path, 1U << 20U);
  if (!text) return tl::unexpected(text.error());
  return parse_config(*text, path.string());
}

}  // namespace joulecast
