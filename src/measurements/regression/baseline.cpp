#include "measurements/regression/baseline.h"

#include <algorithm>
#include <cmath>

namespace joulecast::regression {
namespace {

constexpr double kChunkUs = 50e3;
constexpr double kKnotUs = 1e6;
constexpr double kSmoothUs = 4e6;

struct Chunk {
  double at_us = 0.0;
  double mean_w = 0.0;
};

std::vector<Chunk> chunks(std::span<const Conversion> conversions, double from_us, double to_us) {
  std::vector<Chunk> out;
  double start = from_us;
  double sum = 0.0;
  double count = 0.0;
  const auto close = [&] {
    if (count >= 3.0) out.push_back({start + 0.5 * kChunkUs, sum / count});
    sum = count = 0.0;
  };
  for (const Conversion& c : conversions) {
    if (c.edge_us < from_us || c.edge_us >= to_us) continue;
    if (c.edge_us >= start + kChunkUs) {
      close();
      start += kChunkUs * std::floor((c.edge_us - start) / kChunkUs);
    }
    sum += c.watts;
    count += 1.0;
  }
  close();
  return out;
}

/// Mean of the chunks at the low level, nearest to the run first, up to `longest`; false if there are too
/// few.
bool low_level(std::vector<Chunk> parts, bool nearest_last, double run_mean_w, double longest_us,
               double& level) {
  if (parts.size() < 8) return false;
  std::vector<double> sorted;
  for (const Chunk& c : parts) sorted.push_back(c.mean_w);
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[sorted.size() / 5];
  if (run_mean_w - low < 0.1 * std::abs(run_mean_w)) return false;  // busy all the way
  if (nearest_last) std::reverse(parts.begin(), parts.end());
  const double limit = low + 0.25 * (run_mean_w - low);
  std::vector<double> kept;
  double first_at = 0.0;
  for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
    // A chunk beside a busy one may hold part of it.
    if (parts[i - 1].mean_w > limit || parts[i].mean_w > limit || parts[i + 1].mean_w > limit) continue;
    if (kept.empty()) first_at = parts[i].at_us;
    if (std::abs(parts[i].at_us - first_at) > longest_us) break;
    kept.push_back(parts[i].mean_w);
  }
  if (kept.size() < 8) return false;
  std::sort(kept.begin(), kept.end());
  const std::size_t cut = kept.size() / 10;  // trimmed mean: host activity while idle is not idle
  double sum = 0.0;
  for (std::size_t i = cut; i < kept.size() - cut; ++i) sum += kept[i];
  level = sum / static_cast<double>(kept.size() - 2 * cut);
  return true;
}

}  // namespace

IdleStretches find_idle(std::span<const Conversion> conversions, double run_begin_us, double run_end_us,
                        double run_mean_w) {
  IdleStretches out;
  if (conversions.empty()) return out;
  constexpr double kMarginUs = 30e3;
  const auto before = chunks(conversions, conversions.front().edge_us, run_begin_us - kMarginUs);
  const auto after = chunks(conversions, run_end_us + kMarginUs, conversions.back().edge_us + 1.0);
  out.has_before = low_level(before, true, run_mean_w, 5e6, out.before_w);
  out.has_after = low_level(after, false, run_mean_w, 3e6, out.after_w);
  return out;
}

double Baseline::value(double t_us) const {
  if (at_us.size() == 1 || t_us <= at_us.front()) return watts.front();
  if (t_us >= at_us.back()) return watts.back();
  const auto next = std::upper_bound(at_us.begin(), at_us.end(), t_us);
  const auto i = static_cast<std::size_t>(next - at_us.begin());
  const double part = (t_us - at_us[i - 1]) / (at_us[i] - at_us[i - 1]);
  return watts[i - 1] + part * (watts[i] - watts[i - 1]);
}

Baseline flat_baseline(double run_begin_us, double run_end_us, const IdleStretches& idle,
                       double idle_file_w) {
  Baseline out;
  const double first = idle.has_before ? idle.before_w : (idle.has_after ? idle.after_w : idle_file_w);
  out.at_us = {run_begin_us, run_end_us};
  out.watts = {first, first};
  out.mean_w = first;
  return out;
}

Baseline update_baseline(const Baseline& current, std::span<const Conversion> conversions,
                         std::span<const double> residuals, const IdleStretches& idle, double idle_file_w) {
  // Block means of baseline + residual: the slow course but for a constant.
  const double begin = current.at_us.front();
  const double end = current.at_us.back();
  const auto blocks = static_cast<std::size_t>(std::max(1.0, std::ceil((end - begin) / kKnotUs)));
  const double length = (end - begin) / static_cast<double>(blocks);
  std::vector<double> sum(blocks, 0.0);
  std::vector<double> count(blocks, 0.0);
  std::vector<double> sizes;
  for (const double r : residuals) {
    if (!std::isnan(r)) sizes.push_back(std::abs(r));
  }
  if (sizes.empty()) return current;
  std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2), sizes.end());
  const double clip = 5.0 * 1.4826 * sizes[sizes.size() / 2];
  for (std::size_t m = 0; m < residuals.size(); ++m) {
    if (std::isnan(residuals[m])) continue;
    const double t = conversions[m].edge_us;
    const auto b =
        static_cast<std::size_t>(std::clamp((t - begin) / length, 0.0, static_cast<double>(blocks) - 1.0));
    sum[b] += current.value(t) + std::clamp(residuals[m], -clip, clip);
    count[b] += 1.0;
  }
  // Local lines under a Gaussian window: no bias at the ends, where the anchors hold on.
  Baseline out;
  for (std::size_t k = 0; k <= blocks; ++k) {
    const double t = begin + length * static_cast<double>(k);
    double s0 = 0.0, s1 = 0.0, s2 = 0.0, y0 = 0.0, y1 = 0.0;
    for (std::size_t b = 0; b < blocks; ++b) {
      if (count[b] == 0.0) continue;
      const double d = (begin + length * (static_cast<double>(b) + 0.5) - t) / kSmoothUs;
      const double w = count[b] * std::exp(-0.5 * d * d);
      const double y = sum[b] / count[b];
      s0 += w, s1 += w * d, s2 += w * d * d, y0 += w * y, y1 += w * d * y;
    }
    const double det = s0 * s2 - s1 * s1;
    const double value =
        det > 1e-9 * s0 * s2 ? (s2 * y0 - s1 * y1) / det : (s0 > 0.0 ? y0 / s0 : current.value(t));
    out.at_us.push_back(t);
    out.watts.push_back(value);
  }
  out.rise_w = out.watts.back() - out.watts.front();
  double shift = idle_file_w - out.watts.front();
  out.source = "idle file";
  if (idle.has_before && idle.has_after) {
    const double at_start = idle.before_w - out.watts.front();
    const double at_end = idle.after_w - out.watts.back();
    shift = 0.5 * (at_start + at_end);
    out.anchor_gap_w = at_end - at_start;
    out.source = "idle stretches before and after the run";
  } else if (idle.has_before) {
    shift = idle.before_w - out.watts.front();
    out.source = "idle stretch before the run";
  } else if (idle.has_after) {
    shift = idle.after_w - out.watts.back();
    out.source = "idle stretch after the run";
  }
  double total = 0.0;
  for (double& w : out.watts) total += w += shift;
  out.mean_w = total / static_cast<double>(out.watts.size());
  return out;
}

}  // namespace joulecast::regression
