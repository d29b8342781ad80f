#include "cost_model/physical/model_json.h"

#include <algorithm>

#include "cost_model/physical/terms.h"

namespace joulecast {
namespace {

void write_fit(JsonWriter& json, const PhysicalFit& fit) {
  json.begin_object(JsonWriter::kInline);
  json.member("corner", fit.recipe.corner).member("tiles", fit.recipe.tiles);
  json.member("families", fit.recipe.families).member("overlap", fit.recipe.overlap);
  json.member("active", fit.recipe.active).member("shrinkage", fit.recipe.shrinkage);
  json.member("weight", fit.weight).member("held_out_rmspe_percent", fit.held_out_rmspe_percent);
  json.key("coefficients").begin_object(JsonWriter::kInline);
  for (std::size_t j = 0; j < kPhysicalTerms; ++j)
    if (fit.coefficients[j] != 0.0) json.member(to_string(static_cast<PhysicalTerm>(j)), fit.coefficients[j]);
  json.end_object().end_object();
}

void write_residual(JsonWriter& json, const std::optional<PhysicalResidual>& residual) {
  json.key("residual");
  if (!residual) {
    json.null();
    return;
  }
  json.begin_object();
  json.member("kernel", "matern 5/2").member("length", residual->length);
  json.member("signal_sd", residual->signal_sd).member("noise_sd", residual->noise_sd);
  json.member("center", residual->center).member("scale", residual->scale);
  json.member("points", residual->points).member("weights", residual->weights).end_object();
}

void write_intervals(JsonWriter& json, const std::optional<PhysicalIntervals>& intervals) {
  json.key("intervals");
  if (!intervals) {
    json.null();
    return;
  }
  json.begin_object();
  json.member("level", intervals->level).member("groups", intervals->groups);
  json.member("group_count", std::uint64_t{intervals->group_count});
  json.member("layer_log_ratio", intervals->layer_log_ratio);
  json.member("power_log_ratio", intervals->power_log_ratio);
  json.member("total_log_ratio", intervals->total_log_ratio).member("total_level", intervals->total_level);
  json.key("kind_scale").begin_object(JsonWriter::kInline);
  for (std::size_t k = 0; k < intervals->kind_scale.size(); ++k)
    json.member(to_string(static_cast<LayerKind>(k)), intervals->kind_scale[k]);
  json.end_object().end_object();
}

double at_least(ObjectReader& reader, std::string_view key, double least) {
  const double value = reader.number(key);
  if (!(value >= least)) reader.fault(key, fmt::format("is below {}", least));
  return value;
}

PhysicalFit read_fit(ObjectReader reader) {
  PhysicalFit fit;
  fit.recipe.corner = at_least(reader, "corner", 1.0);
  fit.recipe.tiles = reader.truth("tiles");
  fit.recipe.families = reader.truth("families");
  fit.recipe.overlap = reader.truth("overlap");
  fit.recipe.active = reader.truth("active");
  fit.recipe.shrinkage = at_least(reader, "shrinkage", 0.0);
  fit.weight = at_least(reader, "weight", 0.0);
  if (!reader.is_null("held_out_rmspe_percent"))
    fit.held_out_rmspe_percent = at_least(reader, "held_out_rmspe_percent", 0.0);
  ObjectReader coefficients = reader.object("coefficients");
  for (std::size_t j = 0; j < kPhysicalTerms; ++j) {
    const std::string_view name = to_string(static_cast<PhysicalTerm>(j));
    if (coefficients.has(name)) fit.coefficients[j] = at_least(coefficients, name, 0.0);
  }
  coefficients.finish();
  reader.finish();
  return fit;
}

std::vector<double> sized(ObjectReader& reader, std::string_view key, std::size_t size) {
  std::vector<double> values = reader.numbers(key);
  if (values.size() != size) reader.fault(key, fmt::format("has {} numbers, not {}", values.size(), size));
  return values;
}

std::optional<PhysicalResidual> read_residual(ObjectReader& model) {
  if (model.is_null("residual")) return std::nullopt;
  ObjectReader reader = model.object("residual");
  PhysicalResidual residual;
  if (reader.text("kernel") != "matern 5/2") reader.fault("kernel", "is not matern 5/2");
  residual.length = at_least(reader, "length", 1e-9);
  residual.signal_sd = at_least(reader, "signal_sd", 0.0);
  residual.noise_sd = at_least(reader, "noise_sd", 0.0);
  residual.center = sized(reader, "center", kSizes);
  residual.scale = sized(reader, "scale", kSizes);
  for (std::size_t i = 0; i < residual.scale.size(); ++i)
    if (!is_scale(residual.scale[i])) reader.fault(fmt::format("scale[{}]", i), kNoScale);
  residual.weights = reader.numbers("weights");
  residual.points = sized(reader, "points", residual.weights.size() * kSizes);
  reader.finish();
  return residual;
}

std::optional<PhysicalIntervals> read_intervals(ObjectReader& model) {
  if (model.is_null("intervals")) return std::nullopt;
  ObjectReader reader = model.object("intervals");
  PhysicalIntervals out;
  out.level = at_least(reader, "level", 0.0);
  out.groups = reader.text("groups");
  out.group_count = reader.count("group_count");
  out.layer_log_ratio = at_least(reader, "layer_log_ratio", 0.0);
  out.power_log_ratio = at_least(reader, "power_log_ratio", 0.0);
  out.total_log_ratio = at_least(reader, "total_log_ratio", 0.0);
  out.total_level = at_least(reader, "total_level", 0.0);
  ObjectReader scale = reader.object("kind_scale");
  for (std::size_t k = 0; k < kLayerKinds; ++k)
    out.kind_scale.push_back(at_least(scale, to_string(static_cast<LayerKind>(k)), 0.0));
  scale.finish();
  reader.finish();
  return out;
}

}  // namespace

void write_physical(JsonWriter& json, const PhysicalModel& model) {
  json.begin_object();
  json.member("estimator", "physical").member("target", to_string(model.target));
  json.member("unit", unit_of(model.target)).member("power_basis", model.power_basis);
  json.key("device").begin_object(JsonWriter::kInline);
  json.member("fp32_ratio", model.device.fp32_ratio).member("fp16_ratio", model.device.fp16_ratio);
  json.member("int8_ratio", model.device.int8_ratio).member("cache_mb", model.device.cache_mb);
  json.member("multiprocessors", model.device.multiprocessors).end_object();
  json.key("recipes").begin_array();
  for (const PhysicalFit& fit : model.fits) write_fit(json, fit);
  json.end_array();
  write_residual(json, model.residual);
  write_intervals(json, model.intervals);
  json.member("size_min", model.size_min).member("size_max", model.size_max);
  json.member("networks", model.networks).member("layers", std::uint64_t{model.layers});
  json.end_object();
}

PhysicalModel read_physical(ObjectReader reader, JsonFaults& faults) {
  PhysicalModel model;
  if (reader.text("estimator") != "physical") reader.fault("estimator", "is not physical");
  const std::string target = reader.text("target");
  model.target =
      target == to_string(PhysicalTarget::kEnergy) ? PhysicalTarget::kEnergy : PhysicalTarget::kRunTime;
  if (target != to_string(model.target)) reader.fault("target", "is neither run_time nor energy");
  if (reader.text("unit") != unit_of(model.target))
    reader.fault("unit", fmt::format("is not {}", unit_of(model.target)));
  model.power_basis = reader.text("power_basis");
  ObjectReader device = reader.object("device");
  model.device = {at_least(device, "fp32_ratio", 1.0), at_least(device, "fp16_ratio", 1.0),
                  at_least(device, "int8_ratio", 1.0), at_least(device, "cache_mb", 0.0),
                  at_least(device, "multiprocessors", 0.0)};
  device.finish();
  reader.for_each("recipes", [&](const simdjson::dom::element& element, const std::string& place) {
    model.fits.push_back(read_fit(ObjectReader(element, reader.path_of(place), faults)));
  });
  if (!faults.error() && model.fits.empty()) reader.fault("recipes", "is empty");
  model.residual = read_residual(reader);
  model.intervals = read_intervals(reader);
  model.size_min = sized(reader, "size_min", kSizes);
  model.size_max = sized(reader, "size_max", kSizes);
  model.networks = reader.texts("networks");
  model.layers = reader.count("layers");
  reader.finish();
  return model;
}

}  // namespace joulecast
