// A window is walked backwards from its end through the cycles it touches. At each boundary between two
// states the kernel's integral is looked up once; a state's share is the difference of its two boundaries, so
// that the shares of a row telescope to 1.
//
// Derivatives of the fitted value v = sum_k p_k x_k: with F the kernel's integral and a the age of a
// boundary, dx/d(delay) = -(h(a2) - h(a1)), dx/d(window) and dx/d(low-pass) from the kernel's own
// derivatives. A longer event gap moves a boundary with n gaps behind it to an age greater by n.
//
// A layer's power in a cycle is p (d / m)^-e, with d its run time there, m the mean and e the elasticity: its
// share is multiplied by that, and dv/de = -p x ln(d / m).
#include "measurements/regression/design_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace joulecast::regression {
namespace {

/// How long the supply's filter may remember what came before a window: five times its longest time constant.
constexpr double kLongestMemoryUs = 2000.0;

/// A layer that takes time, and the column it goes to.
struct LayerPlace {
  std::size_t layer = 0;
  std::uint16_t column = 0;
  float per_mean_us = 0.0F;  ///< 1 / its mean run time
};

/// Of a layer's power in one cycle: (d / m)^-e, and its derivative by e.
struct Elastic {
  float factor = 1.0F;
  float by_elasticity = 0.0F;
};
/// By the series in d / m - 1, which is some percent; what is far off is no jitter of a usable cycle.
Elastic elastic(float duration_us, float per_mean_us, float elasticity) {
  const float r = std::clamp(duration_us * per_mean_us - 1.0F, -0.3F, 0.3F);
  const float log = r * (1.0F - 0.5F * r);
  const float power = elasticity * log;
  const float factor = 1.0F - power * (1.0F - 0.5F * power);
  return {factor, -log * factor};
}

/// How far back a row's walk has come, and what it has summed on the way.
struct WalkFront {
  using Values = SensorKernel::Values;
  double age = 0.0;
  Values at{};          ///< the kernel there
  float shift = 0.0F;   ///< d(age)/d(event gap)
  Values derivative{};  ///< of the fitted value, in the kernel's order
  float d_gap = 0.0F;   ///< derivative by the event gap
  float d_elasticity = 0.0F;
  float cycle_moved = 0.0F;  ///< derivative by a shift of the present cycle alone

  /// On to `to`, past a state of power `power`; returns the state's share. `moved` is the shift there.
  double step(const SensorKernel& kernel, double to, float moved, float power, bool with_powers) {
    const Values now = kernel.values(to);
    const Values change = now - at;
    if (with_powers) {
      derivative += power * change;
      cycle_moved += power * change[SensorKernel::kDensity];
      d_gap += power * (now[SensorKernel::kDensity] * moved - at[SensorKernel::kDensity] * shift);
      shift = moved;
    }
    at = now;
    age = to;
    return static_cast<double>(change[SensorKernel::kShare]);
  }
};

/// Ages of one row's boundaries turned into column shares.
class RowWalk {
 public:
  using Values = SensorKernel::Values;
  RowWalk(const SensorKernel& kernel, const StateColumns& columns, std::span<const double> powers,
          double elasticity)
      : kernel_(kernel),
        columns_(columns),
        elasticity_(static_cast<float>(elasticity)),
        powers_(powers.begin(), powers.end()),
        dense_(columns.count, 0.0),
        touched_((columns.count + 63) / 64, 0) {}

  void start() {
    front_ = {};
    timing_ = 0.0F;
  }
  [[nodiscard]] bool done() const { return front_.age >= kernel_.reach_us(); }

  /// The state in `column` reaches back to `age`; `shift` = d(age)/d(event gap).
  void state(std::uint16_t column, double age, double shift) {
    if (age <= front_.age) return;  // also: still in the future of the window's end
    const bool with_powers = !powers_.empty();
    const float power = with_powers ? powers_[column] : 0.0F;
    add(column, front_.step(kernel_, age, static_cast<float>(shift), power, with_powers));
  }
  /// The layers of a cycle that ended `end_age` ago, the last first, with the pauses between them: `to_end`
  /// are the times from each layer's start to the cycle's end, pauses left out. Returns the age of the first
  /// layer's start; meaningless once the walk is done.
  double layers(std::span<const LayerPlace> places, const float* to_end, double end_age, double gap) {
    const double reach = kernel_.reach_us();
    const bool with_powers = !powers_.empty();
    const float gap_power = with_powers ? powers_[columns_.event_gap] : 0.0F;
    const std::size_t n = places.size();
    const auto age_of = [&](std::size_t j) {
      return end_age + static_cast<double>(to_end[places[j].layer]) + static_cast<double>(j) * gap;
    };
    WalkFront front = front_;  // a copy of its own stays in registers
    std::size_t j = 0;
    // Ages rise from layer to layer. Those before `j` are still in the future of the window's end.
    for (std::size_t left = n > 0 ? n - 1 : 0; left > 0;) {
      const std::size_t half = left / 2;
      const bool in_future = age_of(j + half) + gap <= front.age;
      j = in_future ? j + half + 1 : j;
      left = in_future ? left - half - 1 : half;
    }
    double gap_share = 0.0;
    float later = j > 0 ? to_end[places[j - 1].layer] : 0.0F;
    for (; j < n; ++j) {
      const double age = age_of(j);
      const auto moved = static_cast<float>(j);
      const std::uint16_t column = places[j].column;
      const float own = to_end[places[j].layer];
      if (age > front.age) {
        const Elastic e = elastic(own - later, places[j].per_mean_us, elasticity_);
        const float power = with_powers ? powers_[column] : 0.0F;
        const double share = front.step(kernel_, age, moved, power * e.factor, with_powers);
        front.d_elasticity += power * static_cast<float>(share) * e.by_elasticity;
        add(column, share * static_cast<double>(e.factor));
      }
      later = own;
      if (j + 1 < n && gap > 0.0 && age + gap > front.age) {
        gap_share += front.step(kernel_, age + gap, moved + 1.0F, gap_power, with_powers);
      }
      if (front.age >= reach) break;
    }
    if (gap_share != 0.0) add(static_cast<std::uint16_t>(columns_.event_gap), gap_share);
    front_ = front;
    return n == 0 ? end_age : age_of(n - 1);
  }
  /// One end of a deviation: its age, and the kernel there.
  struct Mark {
    double age;
    Values values;
  };
  [[nodiscard]] Mark mark_at(double age) const { return {age, kernel_.values(age)}; }
  /// A deviation column over ages [from, to], beside the partition; `shift` = d(age)/d(event gap) of both.
  void deviation(std::size_t column, const Mark& from, const Mark& to, double shift) {
    if (to.age <= 0.0 || from.age >= kernel_.reach_us() || to.age <= from.age) return;
    const Values change = to.values - from.values;
    add(static_cast<std::uint16_t>(column), static_cast<double>(change[kShare]));
    if (powers_.empty()) return;
    const float p = powers_[column];
    front_.derivative += p * change;
    front_.d_gap += p * static_cast<float>(shift) * change[kDensity];
  }
  void put(std::size_t column, double value) { add(static_cast<std::uint16_t>(column), value); }
  /// A cycle moves as one: what a shift of it alone does to the value, squared. The host gaps at its two ends
  /// give way, which is why their power counts there. Call before the cycle's layers and behind them.
  void begin_cycle() {
    front_.cycle_moved = 0.0F;
    end_density_ = front_.at[kDensity];
  }
  void end_cycle() {
    if (powers_.empty()) return;
    const float moved =
        front_.cycle_moved - powers_[columns_.host_gap] * (front_.at[kDensity] - end_density_);
    timing_ += moved * moved;
  }
  void finish(DesignRows& rows) {
    rows.timing_variance.push_back(timing_);
    if (!powers_.empty()) {
      put(columns_.by_delay, static_cast<double>(-front_.derivative[kDensity]));
      put(columns_.by_window, static_cast<double>(front_.derivative[SensorKernel::kByWindow]));
      put(columns_.by_lowpass, static_cast<double>(front_.derivative[SensorKernel::kByLowpass]));
      put(columns_.by_event_gap, static_cast<double>(front_.d_gap));
      put(columns_.by_elasticity, static_cast<double>(front_.d_elasticity));
    }
    for (std::size_t word = 0; word < touched_.size(); ++word) {
      for (std::uint64_t bits = touched_[word]; bits != 0; bits &= bits - 1) {
        const std::size_t c = 64 * word + static_cast<std::size_t>(std::countr_zero(bits));
        rows.column.push_back(static_cast<std::uint16_t>(c));
        rows.value.push_back(static_cast<float>(dense_[c]));
        dense_[c] = 0.0;
      }
      touched_[word] = 0;
    }
  }

 private:
  void add(std::uint16_t column, double share) {
    if (column == StateColumns::kNone || share == 0.0) return;
    touched_[column / 64] |= std::uint64_t{1} << (column % 64);
    dense_[column] += share;
  }

  static constexpr int kShare = SensorKernel::kShare;
  static constexpr int kDensity = SensorKernel::kDensity;
  const SensorKernel& kernel_;
  const StateColumns& columns_;
  float elasticity_ = 0.0F;
  std::vector<float> powers_;
  std::vector<double> dense_;
  std::vector<std::uint64_t> touched_;  // a bit a column
  WalkFront front_;
  float end_density_ = 0.0F, timing_ = 0.0F;
};

class RowBuilder {
 public:
  RowBuilder(const Timeline& timeline, const StateColumns& columns, const SensorShape& shape,
             std::span<const double> powers)
      : timeline_(timeline),
        columns_(columns),
        shape_(shape),
        kernel_(shape),
        walk_(kernel_, columns, powers, shape.elasticity) {
    for (std::size_t k = timeline.layers; k-- > 0;) {
      if (columns.of_layer[k] == StateColumns::kNone) continue;
      places_.push_back({k, columns.of_layer[k], static_cast<float>(1.0 / timeline.layer_times[k].mean_us)});
    }
    gaps_per_cycle_ = places_.empty() ? 0.0 : static_cast<double>(places_.size() - 1);
  }

  /// False if the window leaves the run.
  bool build(double window_end, std::size_t next_cycle, double phase, DesignRows& rows) {
    // `next_cycle` is the first that ends at or after the window's end; the host gap behind cycle c - 1 and
    // the layers of c come before that end.
    walk_.start();
    bool inside = next_cycle < timeline_.cycles.size();
    if (inside) {
      for (std::size_t c = next_cycle + 1; c-- > 0 && !walk_.done();) {
        walk_.begin_cycle();
        const double end_age = window_end - timeline_.cycles[c].end_us;
        const double start_age =
            walk_.layers(places_, timeline_.to_end(c).data(), end_age, shape_.event_gap_us);
        walk_.end_cycle();
        if (walk_.done()) break;
        if (c == 0) {
          inside = false;
          break;
        }
        host_gap(c - 1, window_end, start_age);
      }
    }
    if (columns_.phases > 0) {
      const double bin =
          std::clamp(phase / columns_.phase_us, 0.0, static_cast<double>(columns_.phases) - 1.0);
      walk_.put(columns_.first_phase + static_cast<std::size_t>(bin), 1.0);
    }
    walk_.finish(rows);
    return inside;
  }
  [[nodiscard]] double reach_us() const { return kernel_.reach_us(); }
  [[nodiscard]] double lead_us() const { return kernel_.lead_us(); }

 private:
  void host_gap(std::size_t c, double window_end, double start_age) {
    const Cycle& cycle = timeline_.cycles[c];
    const double end_age = window_end - cycle.end_us;
    walk_.state(static_cast<std::uint16_t>(columns_.host_gap), end_age, 0.0);
    if (columns_.steps == 0) return;
    std::size_t column = columns_.first_step;
    const RowWalk::Mark end = walk_.mark_at(end_age);
    const RowWalk::Mark start = walk_.mark_at(start_age);
    const auto not_before_start = [&](double age) { return age > start_age ? walk_.mark_at(age) : start; };
    for (const double length : kEndStepsUs) {
      walk_.deviation(column++, not_before_start(end_age - length), end, 0.0);
    }
    const double callback_age = window_end - cycle.last_callback_us;
    const RowWalk::Mark callback = walk_.mark_at(callback_age);
    walk_.deviation(column++, callback_age > start_age ? callback : start, end, 0.0);
    for (const double length : kCallbackStepsUs) {
      walk_.deviation(column++, not_before_start(callback_age - length), callback, 0.0);
    }
    for (const double length : kStartStepsUs) {
      const double to = start_age + length;
      walk_.deviation(column++, start, to < end_age ? walk_.mark_at(to) : end, gaps_per_cycle_);
    }
  }

  const Timeline& timeline_;
  const StateColumns& columns_;
  const SensorShape& shape_;
  SensorKernel kernel_;
  RowWalk walk_;
  std::vector<LayerPlace> places_;  // the last first
  double gaps_per_cycle_ = 0.0;
};

void place_extra_columns(StateColumns& columns, std::size_t steps, std::size_t phases) {
  std::size_t next = columns.layers;
  columns.event_gap = next++;
  columns.host_gap = next++;
  columns.first_step = next;
  columns.steps = steps;
  next += steps;
  columns.first_phase = next;
  columns.phases = phases;
  next += phases;
  columns.by_delay = next++;
  columns.by_window = next++;
  columns.by_lowpass = next++;
  columns.by_event_gap = next++;
  columns.by_elasticity = next++;
  columns.count = next;
}

StateColumns grouped_columns(const Timeline& timeline, std::size_t groups) {
  StateColumns columns;
  double total = 0.0;
  for (const LayerTime& t : timeline.layer_times) total += t.mean_us;
  double passed = 0.0;
  std::size_t used = 0;
  for (const LayerTime& t : timeline.layer_times) {
    if (t.mean_us <= 0.0) {
      columns.of_layer.push_back(StateColumns::kNone);
      continue;
    }
    const double middle = passed + 0.5 * t.mean_us;
    passed += t.mean_us;
    const auto group = static_cast<std::size_t>(middle / total * static_cast<double>(groups));
    if (columns.layers == 0 || group != used) ++columns.layers;
    used = group;
    columns.of_layer.push_back(static_cast<std::uint16_t>(columns.layers - 1));
  }
  return columns;
}

StateColumns layer_columns(const Timeline& timeline, std::size_t most_layers) {
  StateColumns columns;
  for (const LayerTime& t : timeline.layer_times) {
    const bool takes_time = t.mean_us > 0.0;
    columns.of_layer.push_back(takes_time ? static_cast<std::uint16_t>(columns.layers++)
                                          : StateColumns::kNone);
  }
  return columns.layers > most_layers ? grouped_columns(timeline, most_layers) : columns;
}

}  // namespace

StateColumns make_columns(const Timeline& timeline, std::size_t most_layers) {
  StateColumns columns = layer_columns(timeline, most_layers);
  constexpr double kMostPhases = 96.0;
  columns.phase_us = std::max(columns.phase_us, 1.05 * timeline.typical_period_us / kMostPhases);
  const auto phases = static_cast<std::size_t>(1.05 * timeline.typical_period_us / columns.phase_us) + 1;
  const auto add_scales = [&](std::span<const double> lengths) {
    constexpr double kTypicalUs = 40.0;
    for (const double length : lengths) columns.step_scale.push_back(std::sqrt(kTypicalUs / length));
  };
  add_scales(kEndStepsUs);
  columns.step_scale.push_back(1.0);
  add_scales(kCallbackStepsUs);
  add_scales(kStartStepsUs);
  place_extra_columns(columns, kEndStepsUs.size() + 1 + kCallbackStepsUs.size() + kStartStepsUs.size(),
                      phases);
  return columns;
}

StateColumns make_grouped_columns(const Timeline& timeline, std::size_t groups) {
  StateColumns columns = grouped_columns(timeline, groups);
  place_extra_columns(columns, 0, 0);
  return columns;
}

void build_rows(const Timeline& timeline, const StateColumns& columns,
                std::span<const Conversion> conversions, const SensorShape& shape,
                std::span<const double> powers, double margin_us, DesignRows& rows) {
  rows.begin.clear();
  rows.column.clear();
  rows.value.clear();
  rows.usable.clear();
  rows.phase_us.clear();
  rows.timing_variance.clear();
  rows.columns = columns.count;
  rows.begin.push_back(0);
  RowBuilder builder(timeline, columns, shape, powers);
  const auto& cycles = timeline.cycles;
  // Cumulative count of unusable cycles, to ask for any in a range in constant time.
  std::vector<std::uint32_t> bad(cycles.size() + 1, 0);
  for (std::size_t c = 0; c < cycles.size(); ++c) bad[c + 1] = bad[c] + (cycles[c].usable ? 0U : 1U);

  // The same for every low-pass: were fewer rows used where it is long, their missing squares would speak for
  // it.
  const double memory_us =
      std::max(builder.reach_us(), builder.lead_us() + shape.window_us + kLongestMemoryUs);
  std::size_t next = 0;  // first cycle that ends at or after the window's end
  std::size_t low = 0;   // first cycle that ends after the margin before the window
  std::size_t high = 0;  // first cycle that ends after the margin behind it
  for (const Conversion& m : conversions) {
    const double window_end = m.edge_us - shape.delay_us + builder.lead_us();
    const auto forward = [&](std::size_t& c, double t) {
      while (c < cycles.size() && cycles[c].end_us < t) ++c;
    };
    forward(next, window_end);
    forward(low, window_end - memory_us - margin_us);
    forward(high, window_end + margin_us);
    const double centre_end = window_end - builder.lead_us();
    std::size_t before = next;
    while (before > 0 && cycles[before - 1].end_us > centre_end) --before;
    const double since = before > 0 ? centre_end - cycles[before - 1].end_us : 0.0;
    const bool inside = builder.build(window_end, next, since, rows);
    // A cycle's neighbourhood reaches from the end of the one before it to its own end.
    const std::size_t last = std::min(high + 1, cycles.size());
    const bool clean = low > 0 && high < cycles.size() && bad[last] == bad[low];
    rows.usable.push_back(inside && clean ? 1 : 0);
    rows.phase_us.push_back(static_cast<float>(since));
    rows.begin.push_back(static_cast<std::uint32_t>(rows.column.size()));
  }
}

}  // namespace joulecast::regression
