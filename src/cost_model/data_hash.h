// Which data a model was trained on.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "joulecast/training_set.h"

namespace joulecast {

/// SHA-256 in hexadecimal over the reference tables (kind, network, features, targets, layer names) in order
/// of kind and network, then all rows of layers.csv in theirs, so that neither file names nor number formats
/// matter.
std::string hash_of(const TrainingSet& data);

/// SHA-256 of some bytes, as 64 hexadecimal digits.
std::string sha256_of(std::string_view bytes);
/// The same of a file's bytes as they stand. Error kUnreadable.
Expected<std::string> sha256_of_file(const std::filesystem::path& path);

}  // namespace joulecast
