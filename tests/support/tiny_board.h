// Raw logs small enough to write by hand: one or more networks of a convolution, a pooling and a 1x1 layer.
#pragma once

#include <filesystem>
#include <string>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace joulecast::test {

/// Text of the files of one network's run; a test changes what it wants to be wrong.
struct TinyRun {
  std::string power_log, latency_log, engine;
  /// 12 cycles 100 ms apart from 10:00:00 on, each layer 10 ms, a power sample a millisecond: 5000 mV, 1000
  /// mA and up.
  TinyRun();
  void write(const TemporaryFolder& scratch, const std::string& network = "net") const;
};

/// raw_data/idling_power.json, 4 W.
void write_idle_power(const TemporaryFolder& scratch, const std::string& microwatts = "4000000.0");

/// A folder of training rows that all six models can be fitted to: 12 networks of few rows.
void write_training_data(const TemporaryFolder& scratch);

/// `text` with the first `from` replaced. The test fails if there is none.
std::string replaced(std::string text, const std::string& from, const std::string& to);

/// A process whose program may do what root may: then permissions stop nobody.
bool is_root();

}  // namespace joulecast::test
