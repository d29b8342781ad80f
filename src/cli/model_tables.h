// Models as tables for people.
#pragma once

#include <string>

#include "joulecast/cost_model.h"

namespace joulecast::cli {

/// One row a model: what it is of, how it was found, where it comes from; and where there is only one, and it
/// is a lasso, its terms.
std::string model_table(const CostModel& model, std::size_t width, bool bold);

}  // namespace joulecast::cli
