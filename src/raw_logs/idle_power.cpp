#include <cmath>

#include <fmt/format.h>

#include "joulecast/raw_logs.h"
#include "raw_logs/doubts.h"
#include "raw_logs/python_text.h"
#include "raw_logs/small_json.h"

namespace joulecast {
namespace {

constexpr const char* kIdleHint = "It must be {\"avg_idle_power\": microwatts}: copy or measure it again";
// Boards idle at a few watts. Below 0.1 W in microwatt the number is far more likely one in milliwatts
// (4234.6) or watts (4.2).
constexpr double kLeastPlausibleMicrowatts = 1e5;
constexpr double kMostPlausibleMicrowatts = 1e9;

std::string doubt_about_idle(double microwatts) {
  if (!std::isfinite(microwatts)) return "the idle power is NaN or infinite";
  if (microwatts == 0.0) return "the idle power is 0";
  if (microwatts < 0.0) return "the idle power is negative";
  if (microwatts < kLeastPlausibleMicrowatts)
    return fmt::format("the idle power is only {} microwatt: is it in milliwatts or watts by mistake?",
                       microwatts);
  if (microwatts > kMostPlausibleMicrowatts)
    return "the idle power is above a kilowatt: it must be in microwatt";
  return {};
}

}  // namespace

Expected<IdlePower> read_idle_power(const std::filesystem::path& path) {
  const auto document = json::read(path, kIdleHint);
  if (!document) return tl::unexpected(document.error());
  const auto malformed = [&](std::string message, const json::Value& value) {
    return fail(ErrorKind::kMalformed, std::move(message), {path.string(), value.line, value.byte},
                kIdleHint);
  };
  const json::Value* power = document->find("avg_idle_power");
  if (power == nullptr) return malformed("there is no avg_idle_power", *document);
  std::optional<double> microwatts;
  if (power->is(json::Value::Kind::kNumber)) microwatts = power->number.value;
  if (power->is(json::Value::Kind::kString)) microwatts = python::to_float(power->text);
  if (!microwatts) return malformed("avg_idle_power is not a number", *power);

  IdlePower idle;
  idle.average = Microwatts(*microwatts);
  const json::Value* stamp = document->find("timestamp");
  if (stamp != nullptr && stamp->is(json::Value::Kind::kString)) idle.timestamp = stamp->text;
  if (std::string doubt = doubt_about_idle(*microwatts); !doubt.empty())
    idle.warnings.push_back({std::move(doubt), {path.string(), power->line, power->byte}, 1});
  return idle;
}

}  // namespace joulecast
