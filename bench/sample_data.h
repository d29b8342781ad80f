// Logs of a simulated board for the benchmarks, written once a process to a folder that goes with it.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "joulecast/measurements.h"
#include "joulecast/simulator.h"

namespace joulecast::bench {

/// Cycles of the sample logs; JOULECAST_BENCH_CYCLES makes it small where only running matters.
inline std::uint64_t cycles() {
  const char* const text = std::getenv("JOULECAST_BENCH_CYCLES");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 3000;
}

class SampleData {
 public:
  SampleData() {
    std::string name = (std::filesystem::temp_directory_path() / "joulecast_bench_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return;
    root_ = name;
    SimulateOptions options;
    options.plain_layers = 60;
    options.cycles = cycles();
    options.jobs = 1;
    ok_ = write_raw_data(raw_data(), root_ / "truth", options).has_value() &&
          attribute_folder(raw_data(), preprocessed(), {}).has_value();
  }
  SampleData(const SampleData&) = delete;
  SampleData& operator=(const SampleData&) = delete;
  ~SampleData() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::filesystem::path raw_data() const { return root_ / "raw_data"; }
  [[nodiscard]] std::filesystem::path preprocessed() const { return root_ / "preprocessed"; }
  [[nodiscard]] std::filesystem::path out() const { return root_ / "out"; }
  /// The only file below `folder` whose name ends so.
  [[nodiscard]] static std::filesystem::path find(const std::filesystem::path& folder,
                                                  std::string_view ending) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.path().string().ends_with(ending)) return entry.path();
    return {};
  }

 private:
  std::filesystem::path root_;
  bool ok_ = false;
};

inline const SampleData& sample_data() {
  static const SampleData data;
  return data;
}

}  // namespace joulecast::bench
