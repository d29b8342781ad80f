#include "simulator/supply.h"

#include <gtest/gtest.h>

#include <cmath>

namespace joulecast::simulator {
namespace {

LoggerOptions quiet_logger() {
  LoggerOptions options;
  options.poll_jitter = 0.0;
  return options;
}

SensorOptions exact_sensor() {
  SensorOptions options;
  options.channels = 1;
  options.shunt_conversion_us = options.bus_conversion_us = 50.0;
  options.supply_ohm = options.white_a = options.white_v = 0.0;
  options.shunt_step_a = options.bus_step_v = 0.0;
  return options;
}

// Every value that the current register took, read by polling faster than it changes.
std::vector<double> watts_seen(double tau_us, const std::vector<Segment>& segments) {
  LoggerOptions logger_options = quiet_logger();
  logger_options.poll_us = 100.0;
  logger_options.voltage_read_us = logger_options.current_read_us = 1.0;
  const SensorOptions sensor_options = exact_sensor();
  Logger logger(logger_options, 1);
  Sensor sensor(sensor_options, 1, 0.0, 0.0, logger);
  Supply supply(tau_us, 0.0, 0.0, sensor);
  for (const Segment& segment : segments) supply.pass(segment);
  logger.read_until(supply.now_us());
  std::vector<double> watts;
  for (const PowerSample& sample : logger.samples()) {
    // Before the first conversion the register holds nothing.
    if (sample.milliamps > 0.0) watts.push_back(sample.milliamps * 5.0 / 1e3);
  }
  return watts;
}

TEST(Supply, DrawnEnergyIsTheIntegralOfTheSegment) {
  const SensorOptions sensor_options = exact_sensor();
  const LoggerOptions logger_options = quiet_logger();
  Logger logger(logger_options, 1);
  Sensor sensor(sensor_options, 1, 0.0, 5.0, logger);
  Supply supply(40.0, 0.0, 5.0, sensor);
  EXPECT_NEAR(supply.pass({100.0, 7.0, 0.0, 1.0}), 700.0, 1e-9);
  // 7 W x 100 us less 2 W x 10 us x (1 - e^-10).
  EXPECT_NEAR(supply.pass({100.0, 7.0, 2.0, 10.0}), 700.0 - 20.0 * (1.0 - std::exp(-10.0)), 1e-9);
}

TEST(Supply, ConversionsAreMeansOfTheLowPassedPower) {
  // A step to 10 W at 0 through tau = 100 us; the first conversion spans [0, 50) us.
  const std::vector<double> seen = watts_seen(100.0, {{1000.0, 10.0, 0.0, 1.0}});
  const double expected = 10.0 - 10.0 * 100.0 / 50.0 * (1.0 - std::exp(-0.5));
  ASSERT_GT(seen.size(), 3U);
  EXPECT_NEAR(seen[1], 10.0 - 10.0 * 100.0 / 50.0 * (std::exp(-1.0) - std::exp(-1.5)), 1e-6);
  EXPECT_NEAR(seen[0], expected, 1e-6);
}

TEST(Supply, OnsetAndLowPassAgreeWithSteppingTheDifferentialEquation) {
  const std::vector<Segment> segments{
      {130.0, 8.0, 3.0, 12.0}, {70.0, 4.0, -2.0, 25.0}, {300.0, 6.0, 1.0, 60.0}};
  const double tau = 60.0;
  double filtered = 0.0;
  double window = 0.0;
  std::vector<double> expected;
  double now = 0.0;
  const double step = 0.001;
  for (const Segment& segment : segments) {
    for (double t = 0.5 * step; t < segment.duration_us; t += step) {
      const double x = segment.level_w - segment.missing_w * std::exp(-t / segment.onset_us);
      window += filtered * step;
      filtered += (x - filtered) / tau * step;
      now += step;
      const double phase = std::fmod(now + 0.5 * step, 100.0);
      if (phase < step) window = 0.0;
      if (phase >= 50.0 && phase < 50.0 + step) expected.push_back(window / 50.0);
    }
  }
  const std::vector<double> seen = watts_seen(tau, segments);
  ASSERT_GE(seen.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(seen[i], expected[i], 2e-3) << i;
}

TEST(Sensor, AveragingIsARecursiveFilter) {
  SensorOptions options = exact_sensor();
  options.averaging = 4;
  LoggerOptions logger_options = quiet_logger();
  logger_options.poll_us = 100.0;
  logger_options.voltage_read_us = logger_options.current_read_us = 1.0;
  Logger logger(logger_options, 1);
  Sensor sensor(options, 1, 0.0, 0.0, logger);
  Supply supply(0.0, 0.0, 0.0, sensor);
  supply.pass({1000.0, 10.0, 0.0, 1.0});
  logger.read_until(1000.0);
  std::vector<double> milliamps;
  for (const PowerSample& sample : logger.samples()) {
    if (sample.milliamps > 0.0) milliamps.push_back(sample.milliamps);
  }
  ASSERT_GE(milliamps.size(), 3U);
  EXPECT_NEAR(milliamps[0], 500.0, 1e-9);    // 2 A / 4
  EXPECT_NEAR(milliamps[1], 875.0, 1e-9);    // 0.5 + (2 - 0.5) / 4
  EXPECT_NEAR(milliamps[2], 1156.25, 1e-9);  // 0.875 + (2 - 0.875) / 4
}

}  // namespace
}  // namespace joulecast::simulator
