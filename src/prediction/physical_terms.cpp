// What the physical models' ONNX graphs take, layer by layer.
#include "base/csv.h"
#include "joulecast/onnx_export.h"
#include "joulecast/prediction.h"

namespace joulecast {
namespace {

/// A name alone says nothing about cost.
bool has_sizes(const LayerGeometry& geometry) {
  return geometry.kind == LayerKind::kNone || geometry.input_channels || geometry.output_channels ||
         geometry.bytes_in || geometry.bytes_out;
}

}  // namespace

struct PhysicalTermsTable::State {
  const PhysicalModel* run_time = nullptr;
  PhysicalDevice device;
  std::size_t inputs = 0;
  CsvText csv;

  void add(const std::string& network, const std::string& name, const LayerGeometry& layer) {
    csv.cell(network).cell(name).cell(to_string(layer.kind));
    if (has_sizes(layer)) {
      const double run_time_ms = run_time != nullptr ? joulecast::predict(*run_time, layer).value : 0.0;
      for (const double value : physical_input_values(device, layer, run_time_ms)) csv.cell(value);
    } else {
      for (std::size_t i = 0; i < inputs; ++i) csv.cell(std::string_view());
    }
    csv.end_row();
  }
};

Expected<PhysicalTermsTable> PhysicalTermsTable::of(const CostModel& model) {
  if (model.physical.empty())
    return fail(ErrorKind::kUnfit, "the models hold no physical one, so layers have no terms", {},
                "Train with --estimator auto or physical, on rows that have a layers.csv");
  PhysicalTermsTable table;
  table.state_ = std::make_unique<State>();
  table.state_->run_time = model.find(PhysicalTarget::kRunTime);
  table.state_->device = model.physical.front().device;
  const std::vector<std::string> names = physical_input_names();
  table.state_->inputs = names.size();
  CsvText& csv = table.state_->csv;
  csv.cell(std::string_view("network")).cell(std::string_view("layer_name")).cell(std::string_view("kind"));
  for (const std::string& name : names) csv.cell(std::string_view(name));
  csv.end_row();
  return table;
}

PhysicalTermsTable::PhysicalTermsTable() = default;
PhysicalTermsTable::PhysicalTermsTable(PhysicalTermsTable&&) noexcept = default;
PhysicalTermsTable& PhysicalTermsTable::operator=(PhysicalTermsTable&&) noexcept = default;
PhysicalTermsTable::~PhysicalTermsTable() = default;

void PhysicalTermsTable::add(const Network& network) {
  for (const Layer& layer : network.layers) state_->add(network.name, layer.name, geometry_of(layer));
}

void PhysicalTermsTable::add(const LayerTable& table) {
  for (const LayerRow& row : table.layers) state_->add(table.name, row.layer_name, row);
}

const std::string& PhysicalTermsTable::text() const {
  return state_->csv.text();
}

}  // namespace joulecast
