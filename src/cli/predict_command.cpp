#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "cli/fault_tally.h"
#include "cli/named_models.h"
#include "cli/prediction_tables.h"
#include "cli/subcommand.h"
#include "joulecast/prediction.h"

namespace joulecast::cli {
namespace {

namespace fs = std::filesystem;

class PredictCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Predicts run time, power above idle and energy of each layer of an engine (TensorRT's engine "
           "information JSON), an ONNX model or a table such as layers.csv (docs/interface.md), and of the "
           "whole network. Layers that no model covers are shown, counted, and left out of the totals.\n\n"
           "With several INPUTs, or a table of several networks, --out and --json name folders that get one "
           "file a network. '-' writes to "
           "standard output.\n\n"
           "A registered model is kept in ~/.cache/joulecast/models (or $XDG_CACHE_HOME), so that it is "
           "pulled "
           "once and its versions work without the server afterwards.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast predict trt_engine_info.json --models models --out prediction.csv",
            "joulecast predict engine.json --models models --shape in=1x3x224x224 --json -",
            "joulecast predict resnet50.onnx --models models --batch 8 --precision fp16",
            "joulecast predict training_data/vgg16/layers.csv --models models",
            "joulecast predict engine.json --models models --terms terms.csv",
            "joulecast predict engine.json --models models:/orin@champion --track http://localhost:5000"};
  }
  void declare(FlagSet& flags) override {
    flags.add("INPUT", "", &inputs_,
              "Engine information of a network, an ONNX model, or a table of layers (*.csv)");
    flags
        .add("--models", "MODELS", &models_,
             "Folder that train wrote, a model.json, the reference's tree trained_models, or a registered "
             "model of an MLflow server: models:/NAME/VERSION, models:/NAME@ALIAS, models:/NAME/latest")
        .required = true;
    flags.add("--track", "URI", &uri_, "MLflow server of a registered model; by default MLFLOW_TRACKING_URI");
    flags.add("--out", "CSV", &out_, "Write the layers to this file");
    flags.flags.back().alias = "-o,--result-csv-path";
    flags.add("--json", "FILE", &json_, "Write layers and totals to this file");
    flags.add("--terms", "FILE", &terms_,
              "Write what the physical models' ONNX files take, a row a layer, to this file; '-' is standard "
              "output (docs/onnx-export.md)");
    flags.add("--compat", "", &compat_,
              "Only the reference's rows and columns, and the three totals it prints");
    flags.add("--shape", "NAME=DIMS", &shapes_,
              "Shape of an input of a dynamic engine or an ONNX model, e.g. input=1x3x224x224; repeatable");
    flags.add("--batch", "N", &batch_, "Batch of an ONNX model's inputs; 1 if it leaves them open");
    flags.add("--precision", "TYPE", &precision_,
              "Precision an ONNX model is to run with: fp16 (default), int8 or fp32");
    flags.flags.back().choices = {"fp16", "int8", "fp32"};
    flags.add("--rate-hz", "R", &rate_, "Inferences a second, for the board's mean power at that rate");
    flags.add("--device", "NAME", &device_, "Board of the engine; models of another board are refused");
    flags.add("--trt-engine-path", "INPUT", &reference_input_,
              "The reference's flag for INPUT; --result-csv-path is --out");
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    if (!reference_input_.empty()) inputs_.push_back(reference_input_);
    if (inputs_.empty())
      return fail(ErrorKind::kUsage, "predict needs INPUT", {}, "See 'joulecast predict --help'");
    PredictOptions options;
    options.compat = compat_;
    options.device = device_;
    if (auto ok = take_rate(options); !ok) return tl::unexpected(ok.error());
    const auto onnx = onnx_options();
    if (!onnx) return tl::unexpected(onnx.error());
    if ((out_ == "-") + (json_ == "-") + (terms_ == "-") > 1)
      return fail(ErrorKind::kUsage, "two of --out, --json and --terms would mix on standard output", {},
                  "Give all but one of them a file");
    several_ = inputs_.size() > 1 || is_layer_table(inputs_.front());  // of a table it is not known yet
    if (auto ok = check_places(); !ok) return tl::unexpected(ok.error());
    auto named = load_named_models(console, models_, uri_);
    if (!named) return tl::unexpected(named.error());
    for (const auto& warning : named->model.warnings) console.warning(warning);
    models_ = std::move(named->name);
    const Predictor predictor(named->model);
    std::optional<PhysicalTermsTable> terms;
    if (!terms_.empty()) {
      auto table = PhysicalTermsTable::of(named->model);
      if (!table) return tl::unexpected(table.error());
      terms = std::move(*table);
    }

    FaultTally faults;
    std::vector<NetworkPrediction> done;
    std::vector<std::string> sources;  // of those done
    for (const auto& input : inputs_) {
      auto networks = predict_input(console, predictor, input, *onnx, options, terms);
      several_ = inputs_.size() > 1 || networks.size() > 1;
      if (auto ok = check_places(std::max(inputs_.size(), networks.size())); !ok)
        return tl::unexpected(ok.error());
      for (auto& [about, prediction] : networks) {
        if (prediction) {
          done.push_back(std::move(*prediction));
          sources.push_back(input);
          continue;
        }
        // A wrong flag ends the work; a faulty input costs that input alone.
        if (!several_ || prediction.error().kind == ErrorKind::kUsage)
          return tl::unexpected(prediction.error());
        faults.skipped(console, about, prediction.error());
      }
    }
    if (auto ok = deliver_all(console, done, sources); !ok) return tl::unexpected(ok.error());
    if (terms && !done.empty())
      if (auto ok = deliver_terms(console, terms->text()); !ok) return tl::unexpected(ok.error());
    show(console, done);
    return faults.verdict(!done.empty(), common.strict, "no input could be predicted");
  }

  /// Of one network --out and --json are files; of several they are folders.
  [[nodiscard]] Expected<void> check_places(std::size_t networks = 1) const {
    if (networks > 1 && (out_ == "-" || json_ == "-"))
      return fail(ErrorKind::kUsage, fmt::format("standard output takes one network, not {}", networks), {},
                  "Name a folder, which gets a file for each");
    if (!several_)
      if (auto ok = check_apart("--out", out_, "--json", json_); !ok) return ok;
    if (auto ok = check_apart("--out", out_, "--terms", terms_); !ok) return ok;
    return check_apart("--json", json_, "--terms", terms_);
  }

  static Expected<void> check_apart(std::string_view flag, const std::string& a, std::string_view other,
                                    const std::string& b) {
    if (!is_file(a) || !is_file(b) || place_of(a) != place_of(b)) return {};
    return fail(ErrorKind::kUsage, fmt::format("{} and {} name the same file", flag, other), {a},
                "Give them two files: the second would replace the first");
  }

  [[nodiscard]] Expected<void> deliver_terms(Console& console, const std::string& text) const {
    if (terms_ != "-") return write_file_atomically(terms_, text);
    console.result(text);
    return {};
  }

  Expected<void> take_rate(PredictOptions& options) const {
    if (rate_.empty()) return {};
    double hertz = 0.0;
    const auto [end, code] = std::from_chars(rate_.data(), rate_.data() + rate_.size(), hertz);
    if (code != std::errc() || end != rate_.data() + rate_.size() || !(hertz > 0.0) || !std::isfinite(hertz))
      return fail(ErrorKind::kUsage, fmt::format("--rate-hz: '{}' is no number above 0", rate_), {},
                  "Give inferences a second, such as 30 or 0.5");
    options.rate_hz = hertz;
    return {};
  }

  [[nodiscard]] Expected<OnnxOptions> onnx_options() const {
    OnnxOptions options;
    for (const auto& text : shapes_) {
      auto shape = parse_shape_override(text);
      if (!shape) return tl::unexpected(shape.error());
      options.shapes.push_back(std::move(*shape));
    }
    if (batch_ && (*batch_ < 1 || *batch_ > static_cast<std::uint64_t>(kMaxDimension)))
      return fail(ErrorKind::kUsage, fmt::format("--batch: {} is out of range", *batch_), {},
                  fmt::format("Give a number from 1 to {}", kMaxDimension));
    if (batch_) options.batch = static_cast<std::int64_t>(*batch_);
    if (!precision_.empty()) options.precision = data_type_from(precision_);
    return options;
  }

  /// What came of a network, and how messages name it.
  struct Attempt {
    std::string about;
    Expected<NetworkPrediction> prediction;
  };

  /// The networks of an input: one, or as many as its table has.
  static std::vector<Attempt> predict_input(Console& console, const Predictor& predictor,
                                            const std::string& input, const OnnxOptions& onnx,
                                            const PredictOptions& options,
                                            std::optional<PhysicalTermsTable>& terms) {
    std::vector<Attempt> found;
    if (!is_layer_table(input)) {
      const auto network = read_network(input, onnx);
      found.push_back({input, network ? predict_one(console, predictor, input, *network, options, terms)
                                      : tl::unexpected(network.error())});
      return found;
    }
    const auto tables = read_layer_tables(input);
    if (!tables) {
      found.push_back({input, tl::unexpected(tables.error())});
      return found;
    }
    if (!onnx.shapes.empty() || onnx.batch || onnx.precision)
      console.warning({"a table of layers has its sizes and types already: --shape, --batch and --precision "
                       "are for engines and ONNX models"},
                      input);
    for (const LayerTable& table : *tables) {
      const std::string about = tables->size() == 1 ? input : fmt::format("{}, {}", input, table.name);
      found.push_back({about, predict_one(console, predictor, about, table, options, terms)});
    }
    return found;
  }

  template <class AnyNetwork>
  static Expected<NetworkPrediction> predict_one(Console& console, const Predictor& predictor,
                                                 const std::string& about, const AnyNetwork& network,
                                                 const PredictOptions& options,
                                                 std::optional<PhysicalTermsTable>& terms) {
    auto prediction = predictor.predict(network, options);
    if (prediction && terms) terms->add(network);
    for (const auto& warning : prediction ? prediction->warnings : network.warnings)
      console.warning(warning, about);
    if (!prediction && prediction.error().location.file.empty())
      prediction.error().location.file = network.source;
    return prediction;
  }

  static bool is_layer_table(std::string_view input) {
    return input.ends_with(".csv") || input.ends_with(".csv.gz") || input.ends_with(".csv.zst");
  }

  static bool is_file(const std::string& where) { return !where.empty() && where != "-"; }

  /// The same for all names of a file: "r", "./r", by way of a link.
  static fs::path place_of(const std::string& where) {
    std::error_code code;
    const fs::path whole = fs::absolute(where, code).lexically_normal();
    const fs::path real = fs::weakly_canonical(whole, code);
    return code ? whole : real;
  }

  /// Nothing is written before all inputs are known to go to files of their own.
  Expected<void> deliver_all(Console& console, const std::vector<NetworkPrediction>& done,
                             const std::vector<std::string>& sources) const {
    std::map<std::string_view, std::string_view> source_of;
    for (std::size_t i = 0; i < done.size() && (is_file(out_) || is_file(json_)); ++i) {
      const auto [place, fresh] = source_of.try_emplace(done[i].network, sources[i]);
      if (!fresh)
        return fail(
            ErrorKind::kUsage, fmt::format("two inputs are networks called '{}'", done[i].network),
            {sources[i]},
            fmt::format("Its results would replace those of {}: predict them one by one", place->second));
    }
    for (std::size_t i = 0; i < done.size(); ++i) {
      if (auto ok = deliver(console, out_, done[i], ".csv", to_csv(done[i], compat_)); !ok) return ok;
      if (json_.empty()) continue;
      if (auto ok = deliver(console, json_, done[i], ".json", to_json(done[i], sources[i], models_)); !ok)
        return ok;
    }
    return {};
  }

  /// To the file, to a file in the folder, or to standard output.
  Expected<void> deliver(Console& console, const std::string& where, const NetworkPrediction& prediction,
                         const char* extension, const std::string& content) const {
    if (where.empty()) return {};
    if (where == "-") {
      console.result(content);
      return {};
    }
    const fs::path path = several_ ? fs::path(where) / (prediction.network + extension) : fs::path(where);
    return write_file_atomically(path, content);
  }

  static void tell_lines(Console& console, std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      console.note(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  void show(Console& console, const std::vector<NetworkPrediction>& done) const {
    if (done.empty()) return;
    if (out_ == "-" || json_ == "-" || terms_ == "-") {
      // Standard output holds the result alone; what the reference prints beside its file is told as notes.
      if (compat_)
        for (const auto& prediction : done) tell_lines(console, compat_summary(prediction));
      return;
    }
    if (done.size() == 1)
      console.summary(layer_table(done.front(), console.width(), console.colours()) + "\n");
    if (compat_)
      for (const auto& prediction : done) console.summary(compat_summary(prediction));
    else
      console.summary(network_table(done, console.width(), console.colours()));
  }

  std::vector<std::string> inputs_;
  std::string reference_input_;
  std::string models_;
  std::string uri_;
  std::string out_;
  std::string json_;
  std::string terms_;
  std::vector<std::string> shapes_;
  std::optional<std::uint64_t> batch_;
  std::string precision_;
  std::string rate_;
  std::string device_;
  bool compat_ = false;
  bool several_ = false;  ///< networks: --out and --json name folders
};

}  // namespace

std::unique_ptr<Subcommand> make_predict_command() {
  return std::make_unique<PredictCommand>();
}

}  // namespace joulecast::cli
