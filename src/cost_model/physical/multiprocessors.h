// How many tiles a device computes at once, where no data sheet tells.
#pragma once

#include "cost_model/physical/train.h"

namespace joulecast {

/// Gives run times of a device whose number of multiprocessors is not known (0) the one in whose waves the
/// times of the task's units come nearest to the model, of the sizes that devices have. Each group's gain is
/// counted with the number that the other groups choose; it stays 0 unless the gain exceeds its standard
/// error over groups, where no tactic names tiles, and with fewer than 50 units. Energies go by tiles, not by
/// waves: for other data nothing is done. Reads units and groups of `task`; its data may be `data` itself.
void learn_multiprocessors(PhysicalData& data, const PhysicalTask& task, const PhysicalChoices& choices);

}  // namespace joulecast
