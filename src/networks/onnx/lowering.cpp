#include "networks/onnx/lowering.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "networks/onnx/layer_geometry.h"
#include "networks/onnx/shape_rule.h"
#include "networks/onnx/tensor_store.h"

namespace joulecast::onnx {
namespace {

/// Operators whose kernels read and write packed channels.
bool keeps_layout(const Node& node) {
  for (const std::string_view op :
       {"Resize", "Upsample", "Pad", "LRN", "InstanceNormalization", "GroupNormalization", "DepthToSpace",
        "SpaceToDepth", "GlobalAveragePool"}) {
    if (node.is(op)) return true;
  }
  return false;
}

/// TensorRT's LayerType of an operator that runs alone; the operator itself where it has none.
std::string type_of_single(const Node& node) {
  if (!node.proto->domain.empty()) return fmt::format("{}.{}", node.proto->domain, node.operation());
  if (node.is("Softmax") || node.is("LogSoftmax")) return "CudaSoftMax";
  if (node.is("Pad")) return "Padding";
  if (node.is("Upsample")) return "Resize";
  if (node.operation().starts_with("Reduce")) return "Reduce";
  return std::string(node.operation());
}

class Lowering {
 public:
  Lowering(const Graph& graph, DataType precision, std::string_view source)
      : graph_(graph), precision_(precision), source_(source), store_(graph, precision, network_) {}

  Expected<Network> run(const std::vector<Unit>& units) {
    for (const int id : graph_.inputs) network_.bindings.emplace_back(graph_.value(id).name);
    for (const int id : graph_.outputs) network_.bindings.emplace_back(graph_.value(id).name);
    for (const Unit& unit : units) {
      if (unit.kind == UnitKind::kFolded || unit.kind == UnitKind::kElided) continue;
      if (auto ok = refuse_empty(unit); !ok) return tl::unexpected(ok.error());
      unit_ = &unit;
      name_ = unit_name(graph_, unit);
      lower();
      for (const int id : last_node().outputs) {
        if (id >= 0 && graph_.value(id).is_output) store_.write_output(id, name_);
      }
    }
    warn();
    return std::move(network_);
  }

 private:
  [[nodiscard]] const Node& anchor() const { return graph_.node(unit_->anchor); }
  [[nodiscard]] const Node& last_node() const { return graph_.node(unit_->nodes.back()); }
  [[nodiscard]] int result() const { return last_node().output(0); }
  [[nodiscard]] bool known(int value) const { return value >= 0 && graph_.value(value).shape.has_value(); }

  Expected<void> refuse_empty(const Unit& unit) const {
    for (const int id : graph_.node(unit.nodes.back()).outputs) {
      if (!known(id)) continue;
      const Shape& shape = *graph_.value(id).shape;
      if (std::find(shape.begin(), shape.end(), 0) == shape.end()) continue;
      return fail(
          ErrorKind::kUnfit,
          fmt::format("{} makes '{}' of {}: a tensor without elements",
                      graph_.node(unit.nodes.back()).described(), graph_.value(id).name, text_of(shape)),
          {std::string(source_)}, "Check the model, and the sizes given with --shape and --batch");
    }
    return {};
  }

  /// Activations that the unit reads, each once, the anchor's first.
  [[nodiscard]] std::vector<int> activations() const {
    std::vector<int> found;
    std::set<int> inside;
    for (const int node : unit_->nodes)
      inside.insert(graph_.node(node).outputs.begin(), graph_.node(node).outputs.end());
    for (const int node : unit_->nodes) {
      for (const int id : graph_.node(node).inputs) {
        if (id < 0 || graph_.value(id).constant || inside.contains(id)) continue;
        if (std::find(found.begin(), found.end(), id) == found.end()) found.push_back(id);
      }
    }
    return found;
  }

  Layer& add(std::string type, std::string_view parameter_type) {
    Layer& layer = network_.layers.emplace_back();
    layer.name = name_;
    layer.type = std::move(type);
    layer.parameter_type = parameter_type;
    return layer;
  }

  /// The last layer: takes its tensors, kind, and faults.
  void finish(std::vector<Tensor> inputs, Layout layout) {
    std::vector<Tensor> outputs;
    for (const int id : last_node().outputs) {
      if (id < 0 || (id != result() && graph_.value(id).consumers.empty() && !graph_.value(id).is_output))
        continue;
      if (!known(id)) {
        outputs.push_back({std::string(graph_.value(id).name), {}, DataType::kUnknown, "", false});
        network_.layers.back().faults.push_back(
            fmt::format("the shape of its output '{}' is unknown", graph_.value(id).name));
        continue;
      }
      outputs.push_back(store_.put(id, *graph_.value(id).shape, layout));
    }
    finish(std::move(inputs), std::move(outputs));
  }
  void finish(std::vector<Tensor> inputs, std::vector<Tensor> outputs) {
    Layer& layer = network_.layers.back();
    layer.inputs = std::move(inputs);
    layer.outputs = std::move(outputs);
    layer.kind = classify(layer);
  }

  /// Shapes of result and inputs are known, and the kernel's input is an activation.
  [[nodiscard]] bool all_known() const {
    const auto inputs = activations();
    return known(result()) && !inputs.empty() &&
           std::all_of(inputs.begin(), inputs.end(), [&](int id) { return store_.has(id) && known(id); });
  }
  /// An input that lies in memory as an activation; a model may slide a constant over another.
  [[nodiscard]] bool is_activation(int value) const { return value >= 0 && store_.has(value); }

  void lower() {
    if (!all_known()) return single();
    switch (unit_->kind) {
      case UnitKind::kConvolution:
        return convolution();
      case UnitKind::kDense:
        return dense();
      case UnitKind::kPooling:
        return pooling();
      case UnitKind::kPointwise:
        return pointwise("PointWiseV2", "PointWise");
      case UnitKind::kScale:
        return scale();
      case UnitKind::kReshape:
        return reshape();
      case UnitKind::kConcat:
        return concatenation();
      case UnitKind::kShuffle:
        return move("Shuffle");
      case UnitKind::kSlice:
        return slices();
      default:
        return single();
    }
  }

  void convolution() {
    const auto geometry = convolution_geometry(graph_, *unit_);
    if (!geometry || !is_activation(geometry->input)) return single();
    std::vector<Tensor> inputs{packed_input(geometry->input, 0)};
    if (unit_->residual >= 0) inputs.push_back(packed_input(unit_->residual, 1));
    Layer& layer =
        add(geometry->type, geometry->type == "CaskDeconvolutionV2" ? "Deconvolution" : "Convolution");
    fill(layer, *geometry);
    layer.weight_type = weight_type(inputs.front());
    layer.has_residual = unit_->residual >= 0;
    layer.activation = unit_->activation;
    const Tensor& out = store_.put(result(), at_least_four(*graph_.value(result()).shape), Layout::kPacked);
    finish(std::move(inputs), std::vector<Tensor>{out});
    // One-dimensional ones run in two dimensions, and so do their neighbours.
  }

  [[nodiscard]] DataType weight_type(const Tensor& input) const {
    return input.type == DataType::kInt8 ? DataType::kInt8
                                         : (precision_ == DataType::kInt8 ? DataType::kFp16 : precision_);
  }

  Tensor packed_input(int value, std::size_t index) {
    const Shape wanted = at_least_four(*graph_.value(value).shape);
    if (store_.get(value).tensor.dimensions != wanted) {
      Tensor flat = store_.reshape(value, wanted, fmt::format("unsqueeze_before_{}", name_));
      return flat;
    }
    return store_.read(value, Layout::kPacked, name_, index);
  }

  void dense() {
    const auto product = dense_geometry(graph_, *unit_);
    if (!product || !is_activation(product->input)) return single();
    Tensor input;
    const Shape wanted{product->rows, product->depth, 1, 1};
    if (store_.get(product->input).tensor.dimensions == wanted) {
      input = store_.read_as_is(product->input, name_, 0);
    } else {
      input = store_.reshape(product->input, wanted, fmt::format("reshape_before_{}", name_));
    }
    Layer& layer = add("CaskGemmConvolution", "Convolution");
    layer.kernel = layer.stride = layer.dilation = {{1, 1}};
    layer.pre_padding = layer.post_padding = {{0, 0}};
    layer.padding_mode = "kEXPLICIT_ROUND_DOWN";
    layer.groups = 1;
    layer.output_maps = product->columns;
    layer.weight_type = weight_type(input);
    layer.weight_count = product->weights;
    layer.activation = unit_->activation;
    const bool packed = input.format.starts_with("Channel") || input.format.find("wide") != std::string::npos;
    const Tensor& out = store_.put(result(), {product->rows, product->columns, 1, 1},
                                   packed ? Layout::kPacked : Layout::kLinear);
    finish({std::move(input)}, std::vector<Tensor>{out});
    keep_rows_if_only_dense_reads();
  }

  /// Rows x columns x 1 x 1 is how products hand on to each other; anybody else gets the shape of the model.
  void keep_rows_if_only_dense_reads() {
    const Value& value = graph_.value(result());
    if (value.is_output) return;  // write_output does it
    const auto is_product = [&](int node) {
      return (graph_.node(node).is("Gemm") || graph_.node(node).is("MatMul")) &&
             graph_.node(node).input(0) == result() && graph_.is_constant(graph_.node(node).input(1));
    };
    if (!std::all_of(value.consumers.begin(), value.consumers.end(), is_product))
      store_.restore_shape(result());
  }

  void pooling() {
    const auto geometry = pooling_geometry(graph_, *unit_);
    const int input = anchor().input(0);
    if (!geometry || !is_activation(input)) return single();
    std::vector<Tensor> inputs{packed_input(input, 0)};
    Layer& layer = add("CaskPooling", "Pooling");
    fill(layer, *geometry);
    const Shape& in = *graph_.value(input).shape;
    Shape out = at_least_four(*graph_.value(result()).shape);
    if (out.size() != at_least_four(in).size()) {  // a mean that drops its axes
      out = {in[0], in[1]};
      out.resize(in.size(), 1);
    }
    const Tensor& tensor = store_.put(result(), std::move(out), Layout::kPacked);
    finish(std::move(inputs), std::vector<Tensor>{tensor});
    if (last_node().output(1) >= 0 && known(last_node().output(1)))
      store_.put(last_node().output(1), *graph_.value(last_node().output(1)).shape, Layout::kLinear);
    if (tensor.dimensions.size() != graph_.value(result()).shape->size()) keep_rows_if_only_dense_reads();
  }

  /// Packed if one of its inputs is; the others follow.
  void pointwise(std::string type, std::string_view parameter_type) {
    const auto inputs = activations();
    const bool packed = std::any_of(inputs.begin(), inputs.end(),
                                    [&](int id) { return store_.layout_of(id) == Layout::kPacked; });
    const Layout layout = packed ? Layout::kPacked : Layout::kLinear;
    auto tensors = read_all(inputs, layout);
    add(std::move(type), parameter_type).activation = unit_->activation;
    finish(std::move(tensors), layout);
  }

  void scale() {
    const int input = anchor().input(0);
    if (!is_activation(input)) return single();
    auto tensors = read_all({input}, Layout::kPacked);
    add("Scale", "Scale").activation = unit_->activation;
    finish(std::move(tensors), Layout::kPacked);
  }

  std::vector<Tensor> read_all(const std::vector<int>& values, Layout layout) {
    std::vector<Tensor> tensors;
    for (std::size_t i = 0; i < values.size(); ++i) {
      store_shape(values[i]);
      tensors.push_back(store_.read(values[i], layout, name_, i));
    }
    return tensors;
  }
  void store_shape(int value) { store_.restore_shape(value); }

  void reshape() {
    const int input = anchor().input(0);
    if (!is_activation(input)) return single();
    const Shape& shape = *graph_.value(result()).shape;
    const Shape& stored = store_.get(input).tensor.dimensions;
    // What a product reads as rows x columns x 1 x 1 and lies like that already.
    const bool rows = shape.size() == 2 && stored == Shape{shape[0], shape[1], 1, 1};
    if (rows || stored == shape) {
      store_.alias(result(), input);
      if (rows) keep_rows_if_only_dense_reads();
      return;
    }
    store_.reshape(input, shape, name_);
    store_.put(result(), shape, Layout::kLinear);
    network_.layers.back().outputs.front() = store_.get(result()).tensor;
  }

  /// A data move that keeps the layout between tensors of four dimensions.
  void move(const std::string& type) {
    const int input = anchor().input(0);
    if (!is_activation(input)) return single();
    store_shape(input);
    const bool images = graph_.value(input).shape->size() == 4 && graph_.value(result()).shape->size() == 4;
    const Layout layout = images ? store_.layout_of(input) : Layout::kLinear;
    auto tensors = read_all({input}, layout);
    add(type, type);
    finish(std::move(tensors), layout);
  }

  void slices() {
    const int input = anchor().input(0);
    if (!is_activation(input)) return single();
    store_shape(input);
    const Layout layout = store_.layout_of(input);
    const Tensor from = store_.read_as_is(input, name_, 0);
    std::size_t index = 0;
    for (const int id : anchor().outputs) {
      if (id < 0 || !known(id)) continue;
      Layer& layer = add("Slice", "Slice");
      if (index++ > 0) layer.name = fmt::format("{}_{}", name_, index - 1);
      finish({from}, std::vector<Tensor>{store_.put(id, *graph_.value(id).shape, layout)});
    }
  }

  /// Parts are written where they belong by the layers that make them. Only what cannot be is copied: inputs
  /// of the network, parts of several joins, and channels that do not start on a group of 8.
  void concatenation() {
    const Node& node = anchor();
    const Shape& shape = *graph_.value(result()).shape;
    const auto axis = axis_of(node.integer("axis", 1), shape.size()).value_or(0);
    const bool packed = axis == 1 && std::all_of(node.inputs.begin(), node.inputs.end(), [&](int id) {
                          return id >= 0 && store_.has(id) && store_.layout_of(id) == Layout::kPacked;
                        });
    const Layout layout = packed ? Layout::kPacked : Layout::kLinear;
    std::int64_t start = 0;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const int id = node.inputs[i];
      const bool misplaced = packed && start % 8 != 0;
      if (known(id)) start += (*graph_.value(id).shape)[axis];
      if (id < 0 || graph_.value(id).constant) continue;
      store_shape(id);
      const std::size_t before = network_.layers.size();
      const Tensor from = store_.read(id, layout, name_, i);
      const bool moved = network_.layers.size() != before && network_.layers.back().type == "Reformat";
      const bool first_join = joined_.insert(id).second;
      if (!misplaced && !graph_.value(id).is_input && first_join && !graph_.value(id).is_output) continue;
      if (moved) continue;  // the reformat writes into its place
      Layer& layer = add("Reformat", "Reformat");
      layer.name = fmt::format("{} copy", graph_.value(id).name);
      Tensor to = from;
      to.name = graph_.value(result()).name;
      finish({from}, std::vector<Tensor>{std::move(to)});
    }
    store_.put(result(), shape, layout);
  }

  void single() {
    const Node& node = last_node();
    std::vector<Tensor> inputs;
    const bool images = known(result()) && graph_.value(result()).shape->size() == 4;
    Layout layout = Layout::kLinear;
    const auto values = activations();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!store_.has(values[i])) {
        inputs.push_back({std::string(graph_.value(values[i]).name), {}, DataType::kUnknown, "", false});
        continue;
      }
      store_shape(values[i]);
      if (i == 0 && keeps_layout(node) && images) layout = store_.layout_of(values[i]);
      inputs.push_back(store_.read(values[i], layout, name_, i));
    }
    const bool product = unit_->kind == UnitKind::kMatmul;
    Layer& layer = add(product ? "MatrixMultiply" : type_of_single(anchor()), "");
    layer.activation = unit_->activation;
    if (unit_->kind == UnitKind::kSingle && find_rule(node) == nullptr) unsupported_.push_back(&node);
    finish(std::move(inputs), layout);
  }

  void warn() {
    if (!unsupported_.empty()) {
      network_.warnings.push_back(
          {fmt::format("no rule for an operator: its layer counts by its bytes (first: {})",
                       unsupported_.front()->described()),
           {std::string(source_)},
           unsupported_.size()});
    }
    const auto unknown = [](const Layer& layer) { return !layer.faults.empty(); };
    const auto first = std::find_if(network_.layers.begin(), network_.layers.end(), unknown);
    if (first == network_.layers.end()) return;
    const auto count = std::count_if(network_.layers.begin(), network_.layers.end(), unknown);
    network_.warnings.push_back(
        {fmt::format("a layer's shapes cannot be told before it runs, and its cost is not "
                     "counted in full (first: {}: {})",
                     first->name, first->faults.front()),
         {std::string(source_)},
         static_cast<std::uint64_t>(count)});
  }

  const Graph& graph_;
  DataType precision_;
  std::string_view source_;
  Network network_;
  TensorStore store_;
  const Unit* unit_ = nullptr;
  std::string name_;
  std::set<int> joined_;
  std::vector<const Node*> unsupported_;
};

}  // namespace

Expected<Network> lower(const Graph& graph, const std::vector<Unit>& units, DataType precision,
                        std::string_view source) {
  return Lowering(graph, precision, source).run(units);
}

}  // namespace joulecast::onnx
