#include "measurements/regression/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "measurements/regression/held_out.h"
#include "measurements/regression/merging.h"
#include "numerics/quantiles.h"

namespace joulecast::regression {
namespace {

void refuse(RegressionResult& result, std::string reason) {
  result.verdict = Verdict::kRefused;
  result.reasons.push_back(std::move(reason));
}

void doubt(RegressionResult& result, std::string reason) {
  if (result.verdict == Verdict::kSound) result.verdict = Verdict::kWeak;
  result.reasons.push_back(std::move(reason));
}

/// Halves of a run whose powers lie further apart than this (mean square in sds) do not follow one model.
constexpr double kMostHalvesApart = 4.0;

bool window_in_doubt(const RunFit& run) {
  return run.clock.status == ClockStatus::kFound && !run.window_known;
}

/// Doubts of the place that the fit ended at.
void judge_place(const RunFit& run, RegressionResult& result) {
  if (run.second_start_lead < 3.0) {
    doubt(result, "Two delays of the sensor explain the samples nearly equally well");
    result.advice.emplace_back("Add a random pause between cycles; it makes the delay unique");
  }
  if (window_in_doubt(run)) {
    doubt(result, fmt::format("The conversion's window was found at {:.3f} ms, which is no fraction of the "
                              "refresh of {:.3f} ms that a sensor's channels give: it may be wrong, and the "
                              "powers with it",
                              run.shape.window_us / 1e3, run.clock.refresh_us / 1e3));
    result.advice.emplace_back(
        "Log more cycles, and give the sensor's shunt and bus the same conversion time, so that its window "
        "is "
        "known");
  }
  if (run.halves_apart > kMostHalvesApart) {
    doubt(result, fmt::format("Two halves of the run give powers that differ by {:.1f} times what their "
                              "intervals allow",
                              std::sqrt(run.halves_apart)));
    result.advice.emplace_back("Fix the board's clocks, and do not let the time be set during a run");
  }
}

void judge_clock(const RunFit& run, RegressionResult& result) {
  if (run.clock.status == ClockStatus::kFasterThanPoll) {
    refuse(result,
           fmt::format("{:.0f} % of the polls show a new value: the sensor refreshes faster than it is "
                       "polled (every {:.2f} ms), so that the age of a value is unknown",
                       100.0 * (1.0 - run.clock.stale_share), run.clock.poll_us / 1e3));
    result.advice.emplace_back(
        "Poll faster than the sensor refreshes, or let it refresh more slowly: set the sensor's "
        "update_interval "
        "to at least three poll distances");
  } else if (run.clock.status == ClockStatus::kNotFound) {
    refuse(result,
           "The moments at which the current changes follow no period: the sensor's conversions cannot "
           "be timed");
    result.advice.emplace_back(
        "Log more cycles, some 30,000: a short log shows too few changes. If they follow no period even "
        "then, "
        "read the sensor's own register values (curr1_input) without averaging, and log every poll");
  }
}

/// Cycles for 25 % half-widths of nine layers in ten: variances fall as 1 / cycles once the data outweigh the
/// prior.
void estimate_cycles(const RunFit& run, RegressionResult& result) {
  std::vector<double> ratios;
  for (Eigen::Index k = 0; k < run.mixture.covariance.rows(); ++k) {
    const double p = std::max(1e-3, run.mixture.powers[k]);
    ratios.push_back(kNinetyPercent * std::sqrt(std::max(0.0, run.mixture.covariance(k, k))) / (0.25 * p));
  }
  std::sort(ratios.begin(), ratios.end());
  const double ratio = ratios[ratios.size() * 9 / 10];
  const double wanted = std::max(1.0, ratio * ratio) * static_cast<double>(result.cycles);
  result.cycles_that_would_suffice = static_cast<std::uint64_t>(std::min(wanted, 1e9));
}

}  // namespace

bool pause_at_bound(const RunFit& run) {
  return run.shape.event_gap_us > 0.9 * kMostEventGapUs;
}

bool powers_scatter(const RunFit& run) {
  return run.best.prior.relative_sd > 1.0;
}

/// At a wrong window intervals were seen to miss by some three half-widths.
double widening(const RunFit& run) {
  constexpr double kOfWrongWindow = 9.0;
  if (!run.fitted) return 1.0;
  return std::max(window_in_doubt(run) ? kOfWrongWindow : 1.0,
                  run.halves_apart > kMostHalvesApart ? run.halves_apart : 1.0);
}

void judge_run(const RunFit& run, RegressionResult& result) {
  result.verdict = Verdict::kSound;
  judge_clock(run, result);
  if (!run.fitted) {
    if (run.clock.status == ClockStatus::kFound) {
      refuse(result, fmt::format("Only {} conversions lie wholly inside usable cycles", run.best.rows));
      result.advice.emplace_back(
          "Log some 30,000 cycles, with the power log running from before to after them");
    }
    return;
  }
  FitQuality& fit = result.fit;
  fit.r2_held_out = held_out_r2(run);
  fit.r2_placebo = held_out_r2(run, {.placebo = true});
  fit.residual_w = run.best.residual_w;
  fit.correlation = run.noise.rho;
  fit.phase_coverage = run.phase_coverage;
  fit.prior = std::string(to_string(run.best.prior.form));
  fit.prior_relative_sd = run.best.prior.relative_sd;
  estimate_cycles(run, result);

  if (fit.phase_coverage < kLeastPhaseCoverage) {
    refuse(result,
           fmt::format("The sensor's windows end in only {:.0f} % of the inference's phases: the run is "
                       "locked to the sensor",
                       100.0 * fit.phase_coverage));
    result.advice.emplace_back(
        "Add a random pause of up to one inference between cycles, so that phases drift");
  }
  if (fit.r2_held_out < 0.01) {
    refuse(result, "On held-out blocks the layers explain no more than the run's mean");
    result.advice.emplace_back("Check that both logs are of the same run and clock");
  }
  if (fit.r2_held_out >= 0.01 && fit.r2_placebo > 0.5 * fit.r2_held_out) {
    refuse(result, "Layers shifted in time at random fit nearly as well: the samples do not tell them apart");
    result.advice.emplace_back("Check that both logs are of the same run and clock");
  }
  if (run.delay_at_bound) {
    refuse(result, "The delay of the sensor ended at its bound: logs and model contradict each other");
    result.advice.emplace_back("Check that both logs were stamped by the same clock");
  }
  if (pause_at_bound(run)) {
    refuse(result, "The pause between layers ended at its bound: logs and model contradict each other");
    result.advice.emplace_back("Log more cycles, or a sensor setting with shorter conversions");
  }
  judge_place(run, result);
  if (powers_scatter(run)) {
    doubt(result, "The layers' powers scatter more than their work explains, beyond what is physical");
  }
  if (!run.idle.has_before && !run.idle.has_after) {
    result.warnings.push_back(
        {fmt::format("No idle stretch in the power log: the idle file stands in. Every "
                     "0.1 W that the board was warmer would be charged to the network, "
                     "{:.1f} % of its power",
                     10.0 / std::max(0.1, result.network.energy_mj.value /
                                              std::max(1e-9, result.network.run_time_ms))),
         {},
         1});
    result.advice.emplace_back("Log 10 s of idle before and after the run");
  }
}

}  // namespace joulecast::regression
