// Models that were trained with scikit-learn, as the reference registers them, read without Python.
//
// Stage `cost_model`. A file is data to this reader: names of classes and functions are compared with a short
// list, and nothing is ever imported, called or run (docs/scikit-learn.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "joulecast/cost_model.h"

namespace joulecast {

/// What a model is of, where its path does not say.
struct SklearnTarget {
  std::optional<ReferenceKind> kind;
  std::optional<Target> target;
};

/// A lasso model as any other, with its origin; warnings say what had to be believed.
struct ImportedLasso {
  LassoModel model;
  std::vector<Warning> warnings;
};

/// The bytes of a fitted pipeline: a pickle (protocol 2 to 5, pickle or cloudpickle) or a skops file. It
/// takes the features of `kind` in their order. The model predicts what scikit-learn does, but for rounding.
/// Errors: kMalformed (cut off, damaged, parts that do not fit together) and kUnfit (a class, function or
/// setting that cannot be taken over, by name), both with the byte of a pickle or the way to the part.
Expected<ImportedLasso> parse_sklearn(std::string_view bytes, std::string_view source, ReferenceKind kind,
                                      Target target);

/// A *.pkl or *.skops file, or an MLflow model folder (with MLmodel). Kind and target, if not given, are told
/// from the last two folders of the path (.../pooling/runtime) or the name it was registered under
/// (pooling_runtime_model). Errors: those of parse_sklearn; kUnreadable; kUsage if kind or target is unknown.
Expected<ImportedLasso> import_sklearn(const std::filesystem::path& path, const SklearnTarget& what = {});

/// What a registered name tells: of "<layer>_<target>_model" both, of another nothing.
SklearnTarget sklearn_target_of(std::string_view registered_name);

/// Is there an MLflow model in `folder`/<kind>/<target> for any kind and target? That is the tree into which
/// the reference downloads its six models (trained_models).
bool is_sklearn_tree(const std::filesystem::path& folder);
/// By its name and place alone: such a tree, an MLflow model folder, or a *.pkl or *.skops file.
bool is_sklearn_model(const std::filesystem::path& path);

/// The models of a tree, or the one of a folder or file. Those that a tree lacks are warned of. Errors: those
/// of import_sklearn, of any; kUsage if `what` is given for a tree.
Expected<CostModel> import_sklearn_models(const std::filesystem::path& path, const SklearnTarget& what = {});

}  // namespace joulecast
