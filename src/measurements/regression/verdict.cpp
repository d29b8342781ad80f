#include "measurements/regression/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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
  if (run.shape.event_gap_us > 0.9 * kMostEventGapUs) {
    refuse(result, "The pause between layers ended at its bound: logs and model contradict each other");
    result.advice.emplace_back("Log more cycles, or a sensor setting with shorter conversions");
  }
  if (run.second_start_lead < 3.0) {
    doubt(result, "Two delays of the sensor explain the samples nearly equally well");
    result.advice.emplace_back("Add a random pause between cycles; it makes the delay unique");
  }
  if (run.best.prior.relative_sd > 1.0) {
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
