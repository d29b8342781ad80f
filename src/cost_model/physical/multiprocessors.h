// How many tiles a device computes at once, where no data sheet tells.
#pragma once

#include "cost_model/physical/train.h"

namespace joulecast {

/// Gives data whose device's number of multiprocessors is not known (0) the one in whose waves the run times
/// of the task's units come nearest to the model, of the sizes that devices have. It stays 0 where waves
/// explain the times no better than by chance (the gain has to exceed its standard error over groups), where
/// no tactic names tiles, and with fewer than 50 units with run times. `task.data` is not read: it may be
/// `data` itself.
void learn_multiprocessors(PhysicalData& data, const PhysicalTask& task, const PhysicalChoices& choices);

}  // namespace joulecast
