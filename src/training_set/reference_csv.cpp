#include "training_set/reference_csv.h"

#include <cmath>
#include <cstdint>

#include "base/csv.h"

namespace joulecast {
namespace {

// Features are dimensions and their products: whole numbers, which pandas writes without a point.
void whole_cell(CsvText& csv, double value) {
  if (value >= 0.0 && value < 0x1p63 && value == std::floor(value)) {
    csv.integer(static_cast<std::uint64_t>(value));
  } else {
    csv.cell(value);
  }
}

}  // namespace

std::string reference_csv(ReferenceKind kind, std::span<const ReferenceRow> rows) {
  CsvText csv;
  for (const std::string_view feature : reference_feature_names(kind)) csv.cell(feature);
  csv.cell("power").cell("runtime").cell("layer_name").end_row();
  for (const ReferenceRow& row : rows) {
    for (const double feature : row.features) whole_cell(csv, feature);
    csv.cell(row.power_uw).cell(row.run_time_ms).cell(row.layer_name).end_row();
  }
  return csv.text();
}

}  // namespace joulecast
