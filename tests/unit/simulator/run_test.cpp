#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <string>

#include "joulecast/simulator.h"

namespace joulecast {
namespace {

SimulatedRun run_of(std::string_view scenario, std::uint64_t seed, std::string_view network,
                    std::uint64_t cycles) {
  const Board board = draw_board(seed, scenario).value();
  return simulate_run(board, make_topology(network).value(), {.cycles = cycles}).value();
}

bool same(const SimulatedRun& a, const SimulatedRun& b) {
  const auto equal_sample = [](const PowerSample& x, const PowerSample& y) {
    return x.at == y.at && x.millivolts == y.millivolts && x.milliamps == y.milliamps;
  };
  if (!std::equal(a.power.begin(), a.power.end(), b.power.begin(), b.power.end(), equal_sample)) return false;
  for (std::size_t k = 0; k < a.latencies.layers.size(); ++k) {
    const auto& x = a.latencies.layers[k].entries;
    const auto& y = b.latencies.layers[k].entries;
    const auto equal_entry = [](const LatencyEntry& p, const LatencyEntry& q) {
      return p.milliseconds == q.milliseconds && p.completed == q.completed;
    };
    if (!std::equal(x.begin(), x.end(), y.begin(), y.end(), equal_entry)) return false;
  }
  return true;
}

TEST(Run, EnergiesOfAllStatesAddUpToWhatTheBoardDrew) {
  for (const std::string_view scenario : known_scenarios()) {
    const SimulatedRun run = run_of(scenario, 5, "resnet18", 400);
    const RunTruth& truth = run.truth;
    const double above_idle =
        truth.energy_mj + truth.event_gap_energy_mj + truth.host_gap_energy_mj + truth.stall_energy_mj;
    const double total = 400 * above_idle * 1e-3 + truth.idle_run_w * truth.recorded_s;
    EXPECT_NEAR(total / truth.board_energy_j, 1.0, 1e-9) << scenario;
    const double time = truth.run_time_ms + truth.event_gap_ms + truth.host_gap_ms + truth.stall_ms;
    EXPECT_NEAR(400 * time * 1e-3 / truth.recorded_s, 1.0, 1e-9) << scenario;
  }
}

TEST(Run, TruthOfALayerIsItsPowerTimesItsTime) {
  const SimulatedRun run = run_of("hard", 2, "mobilenet_v2", 300);
  double energy = 0.0;
  for (const LayerTruth& layer : run.truth.layers) {
    EXPECT_NEAR(layer.power_w * layer.run_time_ms, layer.energy_mj, 1e-9);
    energy += layer.energy_mj;
  }
  EXPECT_NEAR(energy, run.truth.energy_mj, 1e-9);
  EXPECT_EQ(run.truth.layers.size(), run.network.layers.size());
}

TEST(Run, SameSeedGivesTheSameLogsAndAnotherRunOnlyOtherNoise) {
  const Board board = draw_board(9, "hard").value();
  const Network network = make_topology("squeezenet1_1").value();
  const SimulatedRun first = simulate_run(board, network, {.cycles = 500}).value();
  EXPECT_TRUE(same(first, simulate_run(board, network, {.cycles = 500}).value()));
  const SimulatedRun other = simulate_run(board, network, {.cycles = 500, .run = 1}).value();
  EXPECT_FALSE(same(first, other));
  EXPECT_NEAR(other.truth.energy_mj / first.truth.energy_mj, 1.0, 0.02);
}

TEST(Run, TheSameLayerCostsTheSameInAnotherNetwork) {
  const Board board = draw_board(3, "easy").value();
  const auto power_of = [&](std::string_view network) {
    const SimulatedRun run = simulate_run(board, make_topology(network).value(), {.cycles = 400}).value();
    for (const LayerTruth& layer : run.truth.layers) {
      if (layer.name.find("[/layer1/0/conv1/convolution]") != std::string::npos) return layer.power_w;
    }
    return 0.0;
  };
  EXPECT_NEAR(power_of("resnet18") / power_of("resnet34"), 1.0, 1e-6);
}

TEST(Run, ReportedTimesAreTruthOnAverageAndOnTheProfilersGrid) {
  const SimulatedRun run = run_of("base", 4, "resnet18", 3000);
  std::size_t coarse = 0;
  std::size_t total = 0;
  for (std::size_t k = 0; k < run.latencies.layers.size(); ++k) {
    double sum = 0.0;
    for (const LatencyEntry& entry : run.latencies.layers[k].entries) {
      sum += entry.milliseconds;
      EXPECT_EQ(entry.milliseconds, static_cast<double>(static_cast<float>(entry.milliseconds)));
      const double fine = entry.milliseconds / 0.000032;
      EXPECT_NEAR(fine, std::round(fine), 1e-2);
      const double ticks = entry.milliseconds / 0.001024;
      coarse += std::abs(ticks - std::round(ticks)) < 1e-3 ? 1 : 0;
      ++total;
    }
    EXPECT_NEAR(sum / 3000.0, run.truth.layers[k].run_time_ms, 5e-5) << k;
  }
  EXPECT_GT(static_cast<double>(coarse) / static_cast<double>(total), 0.92);
}

TEST(Run, CallbacksComeOneAfterAnotherWhenTheInferenceIsOver) {
  const SimulatedRun run = run_of("base", 6, "resnet18", 500);
  const Board board = draw_board(6, "base").value();
  const auto& layers = run.latencies.layers;
  double spacing = 0.0;
  for (std::size_t c = 1; c < 500; ++c) {
    double inference_us = 0.0;
    for (std::size_t k = 0; k < layers.size(); ++k) {
      inference_us += layers[k].entries[c].milliseconds * 1e3;
      if (k > 0) {
        const auto step =
            layers[k].entries[c].completed.microseconds - layers[k - 1].entries[c].completed.microseconds;
        EXPECT_GT(step, 0);
        spacing += static_cast<double>(step);
      }
    }
    // The whole inference and the wait for the first callback lie between two cycles' callbacks.
    const auto between = layers.front().entries[c].completed.microseconds -
                         layers.back().entries[c - 1].completed.microseconds;
    EXPECT_GT(static_cast<double>(between), inference_us + 45.0);
  }
  EXPECT_NEAR(spacing / (499.0 * 25.0), board.host.callback_us, 0.3);
}

TEST(Run, RefreshSeenInTheLogIsTheSensorsPeriod) {
  const SimulatedRun run = run_of("base", 7, "resnet50", 3000);
  std::vector<double> changes;
  for (std::size_t i = 1; i < run.power.size(); ++i) {
    if (run.power[i].milliamps != run.power[i - 1].milliamps) {
      changes.push_back(static_cast<double>(run.power[i].at.microseconds - run.power[0].at.microseconds));
    }
  }
  const auto concentration = [&](double period) {
    std::complex<double> sum = 0.0;
    for (const double t : changes) sum += std::polar(1.0, 2.0 * M_PI * t / period);
    return std::abs(sum) / static_cast<double>(changes.size());
  };
  EXPECT_NEAR(run.truth.refresh_us, 6600.0, 70.0);
  EXPECT_GT(concentration(run.truth.refresh_us), 0.85);
  EXPECT_LT(concentration(run.truth.refresh_us * 1.003), 0.3);
}

TEST(Run, CurrentAndVoltageChangeAtDifferentPolls) {
  const SimulatedRun run = run_of("base", 7, "resnet50", 2000);
  int both = 0;
  int either = 0;
  for (std::size_t i = 1; i < run.power.size(); ++i) {
    const bool current = run.power[i].milliamps != run.power[i - 1].milliamps;
    const bool voltage = run.power[i].millivolts != run.power[i - 1].millivolts;
    both += current && voltage ? 1 : 0;
    either += current || voltage ? 1 : 0;
  }
  EXPECT_GT(either, 1000);
  EXPECT_LT(both * 3, either);
}

TEST(Run, CurrentAndVoltageAreMultiplesOfTheSensorsSteps) {
  for (const PowerSample& sample : run_of("hard", 1, "resnet18", 300).power) {
    EXPECT_NEAR(std::remainder(sample.milliamps, 8.0), 0.0, 1e-9);
    EXPECT_NEAR(std::remainder(sample.millivolts, 8.0), 0.0, 1e-9);
  }
}

TEST(Run, BoardsDrawWhatAJetsonDraws) {
  for (const std::string_view scenario : known_scenarios()) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      const SimulatedRun run = run_of(scenario, seed, "resnet18", 200);
      EXPECT_GT(run.idle.average.value, 3e6);
      EXPECT_LT(run.idle.average.value, 8e6);
      const double board_w = run.truth.board_energy_j / run.truth.recorded_s;
      EXPECT_GT(board_w, 4.5) << scenario << seed;
      EXPECT_LT(board_w, 18.0) << scenario << seed;
      for (const PowerSample& sample : run.power) EXPECT_LT(sample.microwatts(), 25e6);
      EXPECT_GT(run.truth.run_time_ms, 0.7);
      EXPECT_LT(run.truth.run_time_ms, 4.0);
    }
  }
}

TEST(Run, MeanOfTheLogIsTheMeanPowerOfTheBoard) {
  const SimulatedRun run = run_of("no-idle", 3, "resnet50", 6000);
  double sum = 0.0;
  for (const PowerSample& sample : run.power) sum += sample.microwatts() * 1e-6;
  EXPECT_NEAR(sum / static_cast<double>(run.power.size()) / (run.truth.board_energy_j / run.truth.recorded_s),
              1.0, 0.01);
}

TEST(Run, RejectsWhatCannotBeRun) {
  const Board board = draw_board(1, "base").value();
  EXPECT_EQ(simulate_run(board, Network{}).error().kind, ErrorKind::kUnfit);
  Board broken = board;
  broken.sensor.channel = 3;
  const Network network = make_topology("lenet").value();
  EXPECT_EQ(simulate_run(broken, network).error().kind, ErrorKind::kUsage);
  broken = board;
  broken.logger.poll_us = 0.0;
  EXPECT_EQ(simulate_run(broken, network).error().kind, ErrorKind::kUsage);
}

TEST(Run, PlainNetworkHasAsManyLayersAsAsked) {
  for (const std::uint64_t layers : {1, 3, 4, 60, 300})
    EXPECT_EQ(make_plain_network(layers).layers.size(), layers);
}

}  // namespace
}  // namespace joulecast
