// Models as tables for people.
#pragma once

#include <string>

#include "joulecast/cost_model.h"

namespace joulecast::cli {

/// One row a model: what it is of, how it was found, where it comes from; and where there is only one, and it
/// is a lasso, its terms.
std::string model_table(const CostModel& model, std::size_t width, bool bold);

/// What a call takes beside its layers, and how well networks that were held out are told; empty if not
/// known.
std::string end_to_end_lines(const CostModel& model);

}  // namespace joulecast::cli
