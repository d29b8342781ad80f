#include "training_set/rejects.h"

#include "base/csv.h"

namespace joulecast {

std::string rejects_csv(std::span<const Reject> rejects) {
  CsvText csv;
  csv.cell("network").cell("layer_name").cell("reason").cell("detail").end_row();
  for (const Reject& reject : rejects) {
    csv.cell(reject.network).cell(reject.layer_name).cell(reject.reason).cell(reject.detail).end_row();
  }
  return csv.text();
}

}  // namespace joulecast
