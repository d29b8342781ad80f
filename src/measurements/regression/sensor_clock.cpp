// Steps: (1) changes of the *current* between successive polls; the voltage converts at another moment, and
// taking changes of the pair as edges gave power errors of 40 % where this gives 3 %. (2) Periodogram of the
// changes less their mean rate, so that the poll's own rhythm cancels; refined over growing spans. (3) In
// blocks of two seconds, each change bounds the edge's phase between the poll before and the poll it showed
// at; the phase inside most of those bounds is the block's, which tracks drift and survives clock steps.
// (4) One value per conversion, from polls well inside the refresh.
#include "measurements/regression/sensor_clock.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "numerics/quantiles.h"

namespace joulecast::regression {
namespace {

constexpr double kBlockUs = 2e6;
constexpr double kEdgeShare = 0.06;
constexpr double kPauseUs = 50e3;

struct Poll {
  double at_us;
  double milliamps;
  double volts;
  bool changed;  // against the poll before
  bool follows;  // the poll before is a normal poll distance away
};

std::vector<Poll> readable_polls(std::span<const PowerSample> samples, std::span<const double> at_us,
                                 SensorClock& out) {
  std::vector<Poll> polls;
  polls.reserve(samples.size());
  std::vector<double> distances;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const PowerSample& s = samples[i];
    if (!std::isfinite(s.milliamps) || !std::isfinite(s.millivolts) || s.milliamps < 0.0 ||
        s.millivolts <= 0.0 || (!polls.empty() && at_us[i] <= polls.back().at_us)) {
      ++out.polls_unreadable;
      continue;
    }
    Poll poll{at_us[i], s.milliamps, s.millivolts / 1e3, false, false};
    if (!polls.empty()) {
      poll.changed = poll.milliamps != polls.back().milliamps;
      distances.push_back(poll.at_us - polls.back().at_us);
    }
    polls.push_back(poll);
  }
  out.poll_us = upper_median(distances);
  for (std::size_t i = 1; i < polls.size(); ++i) {
    polls[i].follows = polls[i].at_us - polls[i - 1].at_us < 2.5 * out.poll_us;
  }
  return polls;
}

std::span<const Poll> first_span(std::span<const Poll> polls, double length_us) {
  const double end = polls.front().at_us + length_us;
  const auto last =
      std::lower_bound(polls.begin(), polls.end(), end, [](const Poll& p, double t) { return p.at_us < t; });
  return polls.first(static_cast<std::size_t>(last - polls.begin()));
}

/// The frequency low + j step at which the sum over polls of (changed - rate) exp(2 pi i f t) is longest.
/// Each poll's factor is turned on from one frequency to the next: a multiplication in place of a sine.
double best_frequency(std::span<const Poll> polls, double rate, double low, double high, double step) {
  const auto count = static_cast<std::size_t>(std::floor((high - low) / step)) + 1;
  std::vector<std::complex<double>> sums(count);
  const double origin = polls.front().at_us;
  for (const Poll& p : polls) {
    if (!p.follows) continue;
    const double angle = 2.0 * std::numbers::pi * (p.at_us - origin);
    const std::complex<double> turn(std::cos(angle * step), std::sin(angle * step));
    const double weight = (p.changed ? 1.0 : 0.0) - rate;
    double re = weight * std::cos(angle * low);
    double im = weight * std::sin(angle * low);
    for (std::complex<double>& sum : sums) {
      sum += std::complex<double>(re, im);
      const double next = re * turn.real() - im * turn.imag();
      im = re * turn.imag() + im * turn.real();
      re = next;
    }
  }
  const auto best = std::max_element(
      sums.begin(), sums.end(), [](const auto& a, const auto& b) { return std::norm(a) < std::norm(b); });
  return low + step * static_cast<double>(best - sums.begin());
}

/// Where on the circle of one refresh most changes allow the edge to be, and what share of them does.
struct EdgePhase {
  double phase_us = 0.0;
  double share = 0.0;
  double width_us = 0.0;
  double changes = 0.0;  // that bound it
};
struct Mark {
  double at;
  int step;  // 1: an earliest time of the edge, -1: a latest
};

/// Reads take their time, some more than others, so that bounds near the edge contradict each other. The edge
/// is where as many bounds say "later" as say "earlier"; the place inside most bounds is a lottery among
/// those.
double balanced(std::span<const Mark> marks, double near_us, double refresh_us) {
  constexpr double kContestedUs = 200.0;
  const double reach = std::min(kContestedUs, 0.25 * refresh_us);
  std::vector<Mark> contested;
  std::ptrdiff_t balance = 0;  // bounds that say "earlier" less those that say "later", at the lowest place
  for (const Mark& m : marks) {
    const double apart = std::remainder(m.at - near_us, refresh_us);
    if (std::abs(apart) > reach) continue;
    contested.push_back({apart, m.step});
    if (m.step > 0) --balance;
  }
  std::sort(contested.begin(), contested.end(), [](const Mark& x, const Mark& y) { return x.at < y.at; });
  double low = -reach;
  double high = reach;
  for (const Mark& m : contested) {
    // An earliest time passed says "later" no longer, a latest time passed says "earlier".
    if (balance >= 0) {
      high = m.at;
      break;
    }
    ++balance;
    low = m.at;
  }
  return near_us + 0.5 * (low + high);
}

EdgePhase edge_phase(std::span<const Poll> block, const Poll* before, double origin_us, double refresh_us) {
  std::vector<Mark> marks;
  std::vector<Mark> bounds;
  std::size_t changes = 0;
  const Poll* previous = before;
  for (const Poll& p : block) {
    const Poll* earlier = previous;
    previous = &p;
    if (earlier == nullptr || !p.changed || !p.follows) continue;
    ++changes;
    const double length = p.at_us - earlier->at_us;
    if (length >= refresh_us) continue;
    double from = std::fmod(earlier->at_us - origin_us, refresh_us);
    if (from < 0.0) from += refresh_us;
    const double to = from + length;
    bounds.push_back({from, 1});
    bounds.push_back({to, -1});
    marks.push_back({from, 1});
    marks.push_back({to, -1});
    if (to > refresh_us) {  // the bounds wrap around the circle
      marks.push_back({from - refresh_us, 1});
      marks.push_back({to - refresh_us, -1});
    }
  }
  EdgePhase out;
  if (changes < 8) return out;
  std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.at < b.at; });
  int depth = 0;
  int deepest = 0;
  for (std::size_t i = 0; i + 1 < marks.size(); ++i) {
    depth += marks[i].step;
    if (marks[i].at < 0.0 && marks[i + 1].at < 0.0) continue;
    const double width = marks[i + 1].at - marks[i].at;
    if (depth > deepest || (depth == deepest && width > out.width_us)) {
      deepest = depth;
      out.phase_us = 0.5 * (marks[i].at + marks[i + 1].at);
      out.width_us = width;
    }
  }
  out.changes = static_cast<double>(changes);
  out.share = static_cast<double>(deepest) / out.changes;
  out.phase_us = balanced(bounds, out.phase_us, refresh_us);
  return out;
}

struct Block {
  std::size_t begin = 0;
  std::size_t end = 0;
  double edge_us = 0.0;  // an edge near the block's middle
  double share = 0.0;
  double changes = 0.0;
  double refresh_us = 0.0;
  bool good = false;
  bool joins_previous = false;  // no pause between
};

std::vector<Block> cut_blocks(const std::vector<Poll>& polls) {
  std::vector<Block> blocks;
  bool joins = false;
  for (std::size_t i = 0; i < polls.size();) {
    Block block;
    block.begin = i;
    block.joins_previous = joins;
    const double end = polls[i].at_us + kBlockUs;
    ++i;
    while (i < polls.size() && polls[i].at_us < end && polls[i].at_us - polls[i - 1].at_us < kPauseUs) ++i;
    joins = i < polls.size() && polls[i].at_us - polls[i - 1].at_us < kPauseUs;
    block.end = i;
    blocks.push_back(block);
  }
  return blocks;
}

void find_edges(const std::vector<Poll>& polls, double refresh_us, std::vector<Block>& blocks) {
  for (Block& b : blocks) {
    const double middle = 0.5 * (polls[b.begin].at_us + polls[b.end - 1].at_us);
    const Poll* before = b.begin > 0 ? &polls[b.begin - 1] : nullptr;
    const auto part = std::span<const Poll>(polls).subspan(b.begin, b.end - b.begin);
    const EdgePhase edge = edge_phase(part, before, middle, refresh_us);
    b.edge_us = middle + edge.phase_us;
    b.share = edge.share;
    b.changes = edge.changes;
    b.refresh_us = refresh_us;
    b.good = edge.share > 0.93;
  }
}

/// How far off a block's edge may be: reads that take some 20 us more or less, over the few that fall near
/// it.
double error_us(const Block& b) {
  return 80.0 / std::sqrt(std::max(1.0, b.changes));
}

/// Stretches of good blocks whose edges one steady oscillator explains; a set clock begins a new one.
struct Steady {
  std::vector<std::size_t> blocks;
  std::vector<double> turns;     // of the sensor, since the stretch's first edge
  std::vector<double> phase_us;  // edge - first edge - turns x refresh
};

std::vector<Steady> steady_stretches(double refresh_us, const std::vector<Block>& blocks) {
  constexpr double kMostDrift = 3e-4;
  constexpr double kBlurUs = 100.0;
  constexpr double kBlurAcrossPauseUs = 30.0;
  std::vector<Steady> out;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (!blocks[i].good) continue;
    bool joins = false;
    double turns = 0.0;
    double phase = 0.0;
    if (!out.empty()) {
      const Steady& s = out.back();
      const std::size_t n = s.blocks.size();
      const double passed = blocks[i].edge_us - blocks[s.blocks.back()].edge_us;
      const std::size_t back = n - std::min<std::size_t>(n, 4);
      const double rate =
          n > 1 ? (s.phase_us[n - 1] - s.phase_us[back]) / (s.turns[n - 1] - s.turns[back]) : 0.0;
      const double step = std::round(passed / (refresh_us + rate));
      turns = s.turns.back() + step;
      phase = s.phase_us.back() + passed - step * refresh_us;
      const double off = std::abs(phase - s.phase_us.back() - rate * step);
      const bool next = s.blocks.back() + 1 == i && blocks[i].joins_previous;
      const double own = 3.0 * error_us(blocks[i]);
      joins = step >= 1.0 && passed < 4.0 * kBlockUs &&
              (next ? off < own + (n > 1 ? kBlurUs : kMostDrift * passed)
                    : n > 1 && off < own + kBlurAcrossPauseUs);
    }
    if (!joins) out.push_back({}), turns = phase = 0.0;
    out.back().blocks.push_back(i);
    out.back().turns.push_back(turns);
    out.back().phase_us.push_back(phase);
  }
  return out;
}

/// An oscillator drifts slowly, while a block's edge is off by some ten microseconds: local parabolas (lines,
/// where few blocks are near) under a Gaussian window, blocks that lie off counting less.
void smooth_edges(double refresh_us, const Steady& s, std::vector<Block>& blocks) {
  constexpr double kWindowUs = 10e6;
  const auto n = static_cast<Eigen::Index>(s.blocks.size());
  if (n < 2) return;
  const double first_edge = blocks[s.blocks.front()].edge_us;
  const double scale = kWindowUs / refresh_us;
  for (Eigen::Index k = 0; k < n; ++k) {
    const auto at = static_cast<std::size_t>(k);
    // Pulls curvature and slope to none where the blocks do not determine them.
    Eigen::Vector3d c(s.phase_us[at], 0.0, 0.0);
    for (int round = 0; round < 4; ++round) {
      Eigen::Matrix3d gram = Eigen::Vector3d(0.0, 1e-4, 3e-2).asDiagonal();
      Eigen::Vector3d right = Eigen::Vector3d::Zero();
      for (std::size_t j = 0; j < s.blocks.size(); ++j) {
        const double d = (s.turns[j] - s.turns[at]) / scale;
        if (std::abs(d) > 3.0) continue;
        const Eigen::Vector3d x(1.0, d, d * d);
        const double error = error_us(blocks[s.blocks[j]]);
        const double rest = round == 0 ? 0.0 : (s.phase_us[j] - x.dot(c)) / (2.0 * error);
        const double weight = 25.0 / (error * error) * std::exp(-0.5 * d * d) / (1.0 + rest * rest);
        gram += weight * x * x.transpose();
        right += weight * s.phase_us[j] * x;
      }
      c = gram.ldlt().solve(right);
    }
    Block& b = blocks[s.blocks[at]];
    b.edge_us = first_edge + s.turns[at] * refresh_us + c[0];
    b.refresh_us = refresh_us + c[1] / scale;
  }
}

double search_refresh(const std::vector<Poll>& polls, double poll_us, double change_rate) {
  // A change is missed only when two conversions give the same step of the current, so that the rate of
  // changes nearly gives the period; each refresh that is longer than a poll shows at one poll.
  const double mean_period = poll_us / change_rate;
  double low = 0.97 / mean_period;
  double high = 1.6 / mean_period;
  double span = 1e6;
  std::span<const Poll> part = first_span(polls, span);
  double best = best_frequency(part, change_rate, low, high, 0.2 / span);
  const double total = polls.back().at_us - polls.front().at_us;
  while (span < std::min(total, 24e6)) {
    const double old_step = 0.3 / span;
    span *= 2.5;
    part = first_span(polls, span);
    low = best - 1.5 * old_step;
    high = best + 1.5 * old_step;
    best = best_frequency(part, change_rate, low, high, 0.15 / span);
  }
  const double step = 0.15 / span;
  best = best_frequency(part, change_rate, best - step, best + step, 0.1 * step);
  return 1.0 / best;
}

/// Volts at the board as a line in the current: the supply droops by its resistance. The two are converted at
/// different moments, so that no reading of the voltage belongs to a current; over 50 ms they do.
struct SupplyLine {
  double at_rest_v = 0.0;
  double ohm = 0.0;
  [[nodiscard]] double watts(double milliamps) const {
    const double amps = milliamps / 1e3;
    return amps * (at_rest_v - ohm * amps);
  }
};

SupplyLine fit_supply(const std::vector<Poll>& polls) {
  constexpr double kStretchUs = 50e3;
  double n = 0.0, si = 0.0, sv = 0.0, sii = 0.0, siv = 0.0, svv = 0.0;
  for (std::size_t i = 0; i < polls.size();) {
    const double end = polls[i].at_us + kStretchUs;
    double amps = 0.0, volts = 0.0, count = 0.0;
    for (; i < polls.size() && polls[i].at_us < end; ++i) {
      amps += polls[i].milliamps / 1e3, volts += polls[i].volts, count += 1.0;
    }
    amps /= count, volts /= count;
    n += 1.0, si += amps, sv += volts, sii += amps * amps, siv += amps * volts, svv += volts * volts;
  }
  SupplyLine line{sv / n, 0.0};
  const double vi = sii - si * si / n;
  const double cov = siv - si * sv / n;
  if (n < 20.0 || vi <= 0.0) return line;
  const double slope = cov / vi;
  const double rest = std::max(0.0, svv - sv * sv / n - slope * cov);
  const double error = std::sqrt(rest / (n - 2.0) / vi);
  // A supply's droop: falling, clear of noise, and less than any that works.
  if (!(slope < -4.0 * error && slope > -0.5)) return line;
  line.ohm = -slope;
  line.at_rest_v = (sv - slope * si) / n;
  return line;
}

void take_conversions(const std::vector<Poll>& polls, const std::vector<Block>& blocks,
                      const SupplyLine& supply, SensorClock& out) {
  bool joins = false;
  double last_edge = -1e300;
  for (const Block& b : blocks) {
    if (!b.good) {
      out.polls_unclocked += b.end - b.begin;
      joins = false;
      continue;
    }
    joins = joins && b.joins_previous;
    double turn = -1e300;
    for (std::size_t i = b.begin; i < b.end; ++i) {
      const double turns = (polls[i].at_us - b.edge_us) / b.refresh_us;
      const double whole = std::floor(turns);
      const double phase = turns - whole;
      if (phase < kEdgeShare || phase > 1.0 - kEdgeShare) {
        ++out.polls_near_edge;
        continue;
      }
      if (whole == turn) continue;  // a copy
      turn = whole;
      const double edge = b.edge_us + whole * b.refresh_us;
      if (edge - last_edge < 0.5 * b.refresh_us) continue;  // the same conversion, seen from two blocks
      const bool adjacent = joins && edge - last_edge < 1.5 * b.refresh_us;
      out.conversions.push_back({edge, supply.watts(polls[i].milliamps), adjacent});
      last_edge = edge;
      joins = true;
    }
  }
}

/// Without a clock every poll stands for itself: good enough for means, not for windows.
void take_every_poll(const std::vector<Poll>& polls, const SupplyLine& supply, SensorClock& out) {
  for (const Poll& p : polls) out.conversions.push_back({p.at_us, supply.watts(p.milliamps), false});
}

/// Polls that show a new current, of those a normal poll behind their predecessor, and the least step.
struct Changes {
  std::uint64_t count = 0;
  std::uint64_t followers = 0;
  double least_ma = 1e300;
  [[nodiscard]] double rate() const { return static_cast<double>(count) / static_cast<double>(followers); }
};

Changes count_changes(const std::vector<Poll>& polls) {
  Changes out;
  for (std::size_t i = 1; i < polls.size(); ++i) {
    if (!polls[i].follows) continue;
    ++out.followers;
    if (!polls[i].changed) continue;
    ++out.count;
    out.least_ma = std::min(out.least_ma, std::abs(polls[i].milliamps - polls[i - 1].milliamps));
  }
  return out;
}

/// A periodogram of some seconds can be off by one part in some thousands, which smears the edges within a
/// block; what the edges gain or lose over steady stretches tells better.
double corrected_refresh(double refresh_us, const std::vector<Steady>& stretches) {
  constexpr std::size_t kLeastBlocks = 4;
  double gained = 0.0;
  double turns = 0.0;
  for (const Steady& s : stretches) {
    if (s.blocks.size() < kLeastBlocks) continue;
    gained += s.phase_us.back() - s.phase_us.front();
    turns += s.turns.back() - s.turns.front();
  }
  return turns > 0.0 ? refresh_us + gained / turns : refresh_us;
}

/// Sets consistency and drift from the good blocks.
void judge_blocks(const std::vector<Block>& blocks, SensorClock& out) {
  double good = 0.0;
  double lowest = 1e300;
  double highest = 0.0;
  for (const Block& b : blocks) {
    if (!b.good) continue;
    good += static_cast<double>(b.end - b.begin);
    lowest = std::min(lowest, b.refresh_us);
    highest = std::max(highest, b.refresh_us);
  }
  out.consistency = good / static_cast<double>(out.polls);
  out.drift_ppm = highest > 0.0 ? 1e6 * (highest - lowest) / out.refresh_us : 0.0;
}

}  // namespace

SensorClock identify_sensor(std::span<const PowerSample> samples, std::span<const double> at_us) {
  SensorClock out;
  const std::vector<Poll> polls = readable_polls(samples, at_us, out);
  out.polls = polls.size();
  if (polls.size() < 2000) return out;
  const Changes changes = count_changes(polls);
  if (changes.count == 0) return out;
  const SupplyLine supply = fit_supply(polls);
  out.stale_share = 1.0 - changes.rate();
  out.quantum_ma = changes.least_ma;
  if (changes.rate() > 0.9) {
    out.status = ClockStatus::kFasterThanPoll;
    take_every_poll(polls, supply, out);
    return out;
  }
  // The start may be idle, where noise alone moves the current.
  const auto start = static_cast<std::ptrdiff_t>(polls.size() / 10);
  out.refresh_us = search_refresh({polls.begin() + start, polls.end()}, out.poll_us, changes.rate());
  std::vector<Block> blocks = cut_blocks(polls);
  find_edges(polls, out.refresh_us, blocks);
  out.refresh_us = corrected_refresh(out.refresh_us, steady_stretches(out.refresh_us, blocks));
  find_edges(polls, out.refresh_us, blocks);
  for (const Steady& s : steady_stretches(out.refresh_us, blocks)) smooth_edges(out.refresh_us, s, blocks);
  judge_blocks(blocks, out);
  if (out.consistency < 0.5) {
    // The current is coarse: even where every poll is a new conversion, some show the same step as the one
    // before.
    constexpr double kMostlyNew = 0.6;
    if (changes.rate() > kMostlyNew) out.status = ClockStatus::kFasterThanPoll;
    out.drift_ppm = 0.0;
    take_every_poll(polls, supply, out);
    return out;
  }
  out.status = ClockStatus::kFound;
  take_conversions(polls, blocks, supply, out);
  return out;
}

}  // namespace joulecast::regression
