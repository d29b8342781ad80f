#include "joulecast/raw_logs.h"
#include "raw_logs/small_json.h"

namespace joulecast {

using json::Value;

namespace {

constexpr const char* kSummaryHint = "Copy it again from the board, or remove it: it is not needed";

/// The member if it is there and of that kind: all parts of the file are optional, and a part of another kind
/// tells nothing.
const Value* member(const Value* object, std::string_view name, Value::Kind kind) {
  const Value* found = object != nullptr ? object->find(name) : nullptr;
  return found != nullptr && found->is(kind) ? found : nullptr;
}

}  // namespace

Expected<BenchmarkSummary> read_benchmark_summary(const std::filesystem::path& path) {
  const auto document = json::read(path, kSummaryHint);
  if (!document) return tl::unexpected(document.error());
  if (!document->is(Value::Kind::kObject)) {
    return fail(ErrorKind::kMalformed, "not a benchmark summary: it is no JSON object",
                {path.string(), document->line, document->byte}, kSummaryHint);
  }
  BenchmarkSummary summary;
  const Value* config = member(&*document, "config", Value::Kind::kObject);
  if (const auto* model = member(config, "model", Value::Kind::kString)) summary.model = model->text;
  if (const auto* type = member(config, "dtype", Value::Kind::kString)) summary.data_type = type->text;
  if (const auto* shape = member(config, "input_shape", Value::Kind::kList)) {
    for (const Value& size : shape->items) {
      if (size.is(Value::Kind::kNumber) && size.number.is_integer && size.number.value > -9e15 &&
          size.number.value < 9e15)
        summary.input_shape.push_back(static_cast<std::int64_t>(size.number.value));
    }
  }
  if (const auto* latencies = member(&*document, "latencies", Value::Kind::kList)) {
    for (const Value& latency : latencies->items) {
      if (latency.is(Value::Kind::kNumber)) summary.latencies_s.push_back(latency.number.value);
    }
  }
  if (const auto* average = member(&*document, "avg_latency", Value::Kind::kNumber))
    summary.average_latency_s = average->number.value;
  return summary;
}

}  // namespace joulecast
