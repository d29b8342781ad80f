// Engine information in LayerInformationFormat::kONELINE: text, one layer a line.
#pragma once

#include <string>
#include <string_view>

#include "joulecast/error.h"

namespace joulecast {

/// True if the text is of the one-line form: it begins with "Layers:" or "Name: ".
bool is_one_line_text(std::string_view text);

/// The same information in the JSON form, so that one reader serves both. Errors: kMalformed with the line.
Expected<std::string> one_line_text_to_json(std::string_view text, std::string_view source);

}  // namespace joulecast
