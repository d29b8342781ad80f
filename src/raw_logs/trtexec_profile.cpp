#include <cmath>
#include <limits>

#include "joulecast/raw_logs.h"
#include "raw_logs/small_json.h"

namespace joulecast {

using json::Value;

namespace {

constexpr const char* kProfileHint =
    "It must be what trtexec --exportProfile writes: profile the engine again";

}  // namespace

// The file is a list: [{"count": inferences}, {"name", "timeMs", "averageMs", "medianMs", "percentage"},
// ...]. The median came with TensorRT 8.2.
Expected<RunTimeProfile> read_trtexec_profile(const std::filesystem::path& path) {
  const auto document = json::read(path, kProfileHint);
  if (!document) return tl::unexpected(document.error());
  const auto malformed = [&](std::string message, const Value& value) {
    return fail(ErrorKind::kMalformed, std::move(message), {path.string(), value.line, value.byte},
                kProfileHint);
  };
  if (!document->is(Value::Kind::kList)) return malformed("not a trtexec profile: it is no list", *document);
  RunTimeProfile profile;
  const auto number = [](const Value& item, std::string_view name) -> const Value* {
    const Value* found = item.find(name);
    return found != nullptr && found->is(Value::Kind::kNumber) ? found : nullptr;
  };
  for (const Value& item : document->items) {
    if (const Value* count = number(item, "count"); count != nullptr && item.find("name") == nullptr) {
      if (!(count->number.value >= 1.0 && count->number.value < 9e15))
        return malformed("count is not a number of inferences", *count);
      profile.cycles = static_cast<std::uint64_t>(count->number.value);
      continue;
    }
    const Value* name = item.find("name");
    if (name == nullptr || !name->is(Value::Kind::kString)) return malformed("a layer without name", item);
    const Value* average = number(item, "averageMs");
    if (average == nullptr) return malformed("a layer without averageMs", item);
    if (!std::isfinite(average->number.value) || average->number.value < 0.0)
      return malformed("averageMs is negative or no number", *average);
    const Value* median = number(item, "medianMs");
    profile.layers.push_back(
        {name->text, average->number.value,
         median != nullptr ? median->number.value : std::numeric_limits<double>::quiet_NaN()});
  }
  if (profile.layers.empty())
    return fail(ErrorKind::kUnfit, "the profile has no layer", {path.string()}, "Profile the engine again");
  return profile;
}

}  // namespace joulecast
