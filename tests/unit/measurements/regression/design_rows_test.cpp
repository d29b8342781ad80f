#include "measurements/regression/design_rows.h"

#include <gtest/gtest.h>

#include <numeric>

#include "unit/measurements/regression/tiny_board.h"

namespace joulecast::regression {
namespace {

using testing_board::run_tiny;
using testing_board::TinyBoard;

struct Fixture {
  Timeline timeline;
  StateColumns columns;
  std::vector<Conversion> conversions;
};

Fixture make_fixture() {
  TinyBoard board;
  board.cycles = 300;
  const auto run = run_tiny(board);
  Fixture f{*build_timeline(run.latencies, TimeStamp{1732162800000000}, {}), {}, {}};
  f.columns = make_columns(f.timeline);
  for (int i = 0; i < 80; ++i) f.conversions.push_back({2.05e6 + 6531.7 * i, 5.0, i > 0});
  return f;
}

double partition_sum(const Fixture& f, const DesignRows& rows, std::size_t m) {
  double sum = 0.0;
  for (std::uint32_t i = rows.begin[m]; i < rows.begin[m + 1]; ++i) {
    if (rows.column[i] <= f.columns.host_gap) sum += static_cast<double>(rows.value[i]);
  }
  return sum;
}

TEST(DesignRows, SharesOfTheStatesAddUpToOne) {
  const Fixture f = make_fixture();
  for (const SensorShape& shape : {SensorShape{0.0, 1100.0, 0.0, 0.0}, SensorShape{500.0, 332.0, 80.0, 2.0},
                                   SensorShape{-200.0, 5000.0, 150.0, 1.0}}) {
    DesignRows rows;
    build_rows(f.timeline, f.columns, f.conversions, shape, {}, 0.0, rows);
    int usable = 0;
    for (std::size_t m = 0; m < rows.rows(); ++m) {
      if (!rows.usable[m]) continue;
      ++usable;
      EXPECT_NEAR(partition_sum(f, rows, m), 1.0, 1e-6);
    }
    EXPECT_GT(usable, 50);
  }
}

double fitted(const Fixture& f, const SensorShape& shape, const std::vector<double>& powers, std::size_t m) {
  DesignRows rows;
  build_rows(f.timeline, f.columns, f.conversions, shape, {}, 0.0, rows);
  double sum = 0.0;
  for (std::uint32_t i = rows.begin[m]; i < rows.begin[m + 1]; ++i) {
    sum += static_cast<double>(rows.value[i]) * powers[rows.column[i]];
  }
  return sum;
}

TEST(DesignRows, DerivativesAreThoseOfTheFittedValue) {
  const Fixture f = make_fixture();
  std::vector<double> powers(f.columns.count, 0.0);
  for (std::size_t k = 0; k <= f.columns.host_gap; ++k) powers[k] = 1.0 + 0.7 * static_cast<double>(k % 4);
  const SensorShape shape{700.0, 1100.0, 90.0, 2.0};
  DesignRows rows;
  build_rows(f.timeline, f.columns, f.conversions, shape, powers, 0.0, rows);
  for (const std::size_t m : {40U, 47U, 55U}) {
    const auto value_of = [&](std::size_t column) {
      for (std::uint32_t i = rows.begin[m]; i < rows.begin[m + 1]; ++i) {
        if (rows.column[i] == column) return static_cast<double>(rows.value[i]);
      }
      return 0.0;
    };
    const auto difference = [&](double SensorShape::* part, double step) {
      SensorShape more = shape;
      SensorShape less = shape;
      more.*part += step;
      less.*part -= step;
      return (fitted(f, more, powers, m) - fitted(f, less, powers, m)) / (2.0 * step);
    };
    EXPECT_NEAR(value_of(f.columns.by_delay), difference(&SensorShape::delay_us, 4.0), 2e-5);
    EXPECT_NEAR(value_of(f.columns.by_window), difference(&SensorShape::window_us, 4.0), 2e-5);
    EXPECT_NEAR(value_of(f.columns.by_lowpass), difference(&SensorShape::lowpass_us, 2.0), 2e-5);
    EXPECT_NEAR(value_of(f.columns.by_event_gap), difference(&SensorShape::event_gap_us, 0.2), 2e-4);
  }
}

TEST(DesignRows, WindowsOutsideTheRunAreNotUsable) {
  Fixture f = make_fixture();
  f.conversions = {{1.0e6, 5.0, false}, {9.0e6, 5.0, false}};
  DesignRows rows;
  build_rows(f.timeline, f.columns, f.conversions, {0.0, 1100.0, 0.0, 0.0}, {}, 0.0, rows);
  EXPECT_FALSE(rows.usable[0]);
  EXPECT_FALSE(rows.usable[1]);
}

}  // namespace
}  // namespace joulecast::regression
