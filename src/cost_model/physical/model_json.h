// Physical models in model.json. Includes the JSON readers: for .cpp files only.
#pragma once

#include "base/json_text.h"
#include "cost_model/json_reader.h"
#include "joulecast/physical_model.h"

namespace joulecast {

void write_physical(JsonWriter& json, const PhysicalModel& model);
/// Faults go to the reader's list.
PhysicalModel read_physical(ObjectReader reader, JsonFaults& faults);

}  // namespace joulecast
