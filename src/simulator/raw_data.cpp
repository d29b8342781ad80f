// A raw_data folder of simulated runs, one network after the other (or several at once).
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/atomic_file.h"
#include "base/parallel.h"
#include "simulator/raw_data_files.h"

namespace joulecast {
namespace {

constexpr std::array<std::string_view, 20> kDefaultNetworks{"alexnet",
                                                            "densenet121",
                                                            "efficientnet_b0",
                                                            "googlenet",
                                                            "inception_v3",
                                                            "lenet",
                                                            "mnasnet1_0",
                                                            "mobilenet_v2",
                                                            "mobilenet_v3_small",
                                                            "regnet_y_400mf",
                                                            "resnet18",
                                                            "resnet34",
                                                            "resnet50",
                                                            "shufflenet_v2_x1_0",
                                                            "squeezenet1_0",
                                                            "squeezenet1_1",
                                                            "vgg11",
                                                            "vgg13",
                                                            "vgg16",
                                                            "vgg19"};

Expected<std::vector<Network>> chosen_networks(const SimulateOptions& options) {
  std::vector<Network> networks;
  if (options.plain_layers != 0) {
    networks.push_back(make_plain_network(options.plain_layers));
    return networks;
  }
  std::vector<std::string> names = options.networks;
  if (names.empty()) names.assign(kDefaultNetworks.begin(), kDefaultNetworks.end());
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second)
      return fail(ErrorKind::kUsage, "the network '" + name + "' is named twice", {}, "Name each once");
    auto network = make_topology(name);
    if (!network) return tl::unexpected(network.error());
    networks.push_back(std::move(*network));
  }
  return networks;
}

// Adds up what was written; the first error stops the rest.
class Total {
 public:
  template <class Write>
  void add(Write&& write) {
    if (error_) return;
    const Expected<std::uint64_t> bytes = write();
    if (bytes) {
      bytes_ += *bytes;
    } else {
      error_ = bytes.error();
    }
  }
  Expected<std::uint64_t> result() const {
    if (error_) return tl::unexpected(*error_);
    return bytes_;
  }

 private:
  std::uint64_t bytes_ = 0;
  std::optional<Error> error_;
};

Expected<std::uint64_t> write_run(const std::filesystem::path& out, const std::filesystem::path& truth,
                                  const SimulatedRun& run, const Board& board) {
  const std::string& name = run.network.name;
  const std::filesystem::path folder = out / name;
  const std::filesystem::path engine = folder / "trt_profiling" / "trt_engine_info.json";
  Total total;
  total.add([&] { return simulator::write_power_log(folder / (name + "_power_log.log"), run.power); });
  total.add([&] {
    return simulator::write_benchmark_summary(folder / (name + "_tensorrt.json"), run,
                                              board.host.warm_up_cycles);
  });
  total.add([&]() -> Expected<std::uint64_t> {
    const std::string text = to_engine_json(run.network);
    if (auto done = write_file_atomically(engine, text); !done) return tl::unexpected(done.error());
    return text.size();
  });
  total.add([&] {
    return simulator::write_latency_log(folder / "trt_profiling" / "trt_layer_latency.json", run.latencies);
  });
  total.add([&] { return simulator::write_truth_table(truth / (name + ".csv"), run.truth); });
  return total.result();
}

// Seconds between the starts of two networks' logs: more than the longest run can take, so that the stamps of
// a folder go forward.
double seconds_between_starts(const Board& board, std::uint64_t cycles) {
  return board.logger.idle_before_s + board.logger.idle_after_s + 60.0 + 0.05 * static_cast<double>(cycles);
}

}  // namespace

std::span<const std::string_view> default_networks() {
  return kDefaultNetworks;
}

Expected<std::vector<SimulatedNetwork>> write_raw_data(const std::filesystem::path& out,
                                                       const std::filesystem::path& truth,
                                                       const SimulateOptions& options) {
  const auto board = draw_board(options.seed, options.scenario);
  if (!board) return tl::unexpected(board.error());
  const auto networks = chosen_networks(options);
  if (!networks) return tl::unexpected(networks.error());
  const std::uint64_t cycles = options.cycles != 0 ? options.cycles : board->cycles;
  const std::size_t count = networks->size();
  std::vector<SimulatedNetwork> written(count);
  std::vector<simulator::NamedTruth> truths(count);
  std::optional<IdlePower> idle;
  const auto report = [&](std::size_t i, std::uint64_t done) {
    if (options.progress) options.progress((*networks)[i].name, done, 1);
  };
  const auto simulated = parallel_until_fault(count, options.jobs, [&](std::size_t i) -> Expected<void> {
    report(i, 0);
    const RunOptions run_options{cycles, 0, static_cast<double>(i) * seconds_between_starts(*board, cycles)};
    auto run = simulate_run(*board, (*networks)[i], run_options);
    if (!run) return tl::unexpected(run.error());
    const auto bytes = write_run(out, truth, *run, *board);
    if (!bytes) return tl::unexpected(bytes.error());
    if (i == 0) idle = run->idle;
    written[i] = {run->network.name, run->network.layers.size(), cycles, run->power.size(), *bytes};
    truths[i].network = run->network.name;
    truths[i].truth = std::move(run->truth);
    report(i, 1);
    return {};
  });
  if (!simulated) return tl::unexpected(simulated.error());
  if (idle) {
    const auto done = simulator::write_idle_power(out / "idling_power.json", *idle);
    if (!done) return tl::unexpected(done.error());
  }
  const auto done = simulator::write_truth_json(truth / "truth.json", *board, truths);
  if (!done) return tl::unexpected(done.error());
  return written;
}

}  // namespace joulecast
