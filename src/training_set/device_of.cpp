#include <fmt/format.h>
#include <fmt/ranges.h>

#include "joulecast/training_set.h"

namespace joulecast {

Expected<std::string> device_of(const TrainingSet& data, const std::string& device) {
  if (!device.empty()) return device;
  if (data.devices.empty()) return std::string();
  if (data.devices.size() == 1) return data.devices.front();
  return fail(ErrorKind::kUnfit,
              fmt::format("the rows are of several boards: '{}'", fmt::join(data.devices, "', '")), {},
              "Name one with --device: a model is of one board");
}

}  // namespace joulecast
