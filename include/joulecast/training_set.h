// Training rows: one a layer, with the features that the models read and the figures they learn.
//
// Stage `training_set`: gates the measurements, joins them with the engine, and writes both the reference's
// three CSV files and layers.csv with everything. What is left out stands in rejects.csv with its reason.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "joulecast/measurements.h"
#include "joulecast/networks.h"

namespace joulecast {

/// The three groups the reference models.
enum class ReferenceKind { kConvolutional, kPooling, kDense };
inline constexpr std::array kReferenceKinds = {ReferenceKind::kConvolutional, ReferenceKind::kPooling,
                                               ReferenceKind::kDense};
/// "convolutional", "pooling", "dense": file names and folder names.
std::string_view to_string(ReferenceKind kind);
std::optional<ReferenceKind> reference_kind_from(std::string_view name);
/// The group that layers of a kind would be in, whatever their LayerType; nothing for other kinds.
std::optional<ReferenceKind> reference_kind(LayerKind kind);
/// Feature columns of a group in file order: 13, 11 and 3 names.
std::span<const std::string_view> reference_feature_names(ReferenceKind kind);

/// One row of the reference's training CSV.
struct ReferenceRow {
  std::vector<double> features;  ///< in reference_feature_names order
  double power_uw = 0.0;         ///< mean power above idle, microwatt
  double run_time_ms = 0.0;
  std::string layer_name;
};

/// The features of one layer, kept in place: predictions in bulk make millions.
struct ReferenceFeatures {
  ReferenceKind kind = ReferenceKind::kConvolutional;
  std::array<double, 13> values{};  ///< in reference_feature_names order; the first `count` are set
  std::size_t count = 0;

  [[nodiscard]] std::span<const double> row() const { return std::span(values).first(count); }
};

/// Features of an engine layer by the reference's definitions (pooling kernel = input height and width; dense
/// sizes = products of all dimensions). Empty optional: the layer is none of the reference's three types.
/// Error kUnfit: it is, but has what the reference dies of (a rank other than 2 or 4, a missing or odd list,
/// a fault); the message is the reason of the reject.
Expected<std::optional<ReferenceFeatures>> reference_features(const Layer& layer);
/// The same of a layer taken for one of this group.
Expected<ReferenceFeatures> reference_features(const Layer& layer, ReferenceKind kind);

/// One row of layers.csv: a layer of the engine with geometry and measured figures (docs/interface.md has the
/// columns, in this order). Absent = not applicable or not measured.
struct LayerRow : LayerGeometry {
  std::string network, layer_name, layer_type;
  std::optional<std::uint64_t> cycles;
  std::string activation, tactic;
  std::optional<double> run_time_ms, run_time_sd_ms, power_w, power_sd_w, energy_mj, energy_sd_mj,
      idle_power_w;
  std::string power_basis;  ///< "above_idle" or "board"; empty without power
  std::string status, block, device;
};
/// Does the row hold a figure to learn from: a run time, a power or an energy?
bool is_measured(const LayerRow& row);
/// Names and geometry of an engine layer; measured figures left empty.
LayerRow describe_layer(const Layer& layer, std::string_view network);
/// The reference's features of a row of layers.csv, as those of the layer; its columns do not tell tensors of
/// more than four dimensions, or a fault of the engine. Error kUnfit if a column that is needed is empty.
Expected<std::optional<ReferenceFeatures>> reference_features(const LayerRow& row);
/// The same of a row taken for one of this group.
Expected<ReferenceFeatures> reference_features(const LayerRow& row, ReferenceKind kind);
/// Columns in any order, unknown ones ignored, missing ones absent in every row; layer_name and one of
/// layer_type and kind must be there, an empty kind follows from the type. Errors: kUnreadable; kMalformed
/// with the line: no such table, text in a number, an unknown kind or type, a row too long or too short. A
/// doubt about the file (a last line that may be cut) goes to `warnings`.
Expected<std::vector<LayerRow>> read_layers_csv(const std::filesystem::path& path,
                                                std::vector<Warning>* warnings = nullptr);
/// The layers of one network as a table gives them, in its order.
struct LayerTable {
  std::string name;
  std::string source;  ///< path it was read from
  std::vector<LayerRow> layers;
  std::vector<Warning> warnings;
};
/// The networks of a file such as layers.csv, in the order of their first rows. Rows without a network's name
/// are of one named after the file, or after its folder if the file is called layers. Errors: those of
/// read_layers_csv; kUnfit if there is no row.
Expected<std::vector<LayerTable>> read_layer_tables(const std::filesystem::path& path);
/// All columns of docs/interface.md. Error kNotWritable.
Expected<void> write_layers_csv(const std::filesystem::path& path, const std::vector<LayerRow>& rows);

/// A layer or network left out of the training set.
struct Reject {
  std::string network, layer_name, reason, detail;
};

/// Covariance of the powers (W^2, above idle) of a network's layers, each taken on its own whatever was
/// merged into blocks. The variance of a block of layers with run times t is t'Vt / (sum of t)^2.
struct PowerCovariance {
  std::vector<std::string> layer_names;
  std::vector<double> w2;  ///< row-major, layers x layers; NaN where a layer was not measured
  [[nodiscard]] double at(std::size_t i, std::size_t k) const { return w2[i * layer_names.size() + k]; }
};
/// power_covariance.csv, of preprocessed_data (the rows of layer_power.csv) or training_data (the rows of
/// layers.csv). A doubt about the file (a last line that may be cut) goes to `warnings`. Errors: kUnreadable;
/// kMalformed with the line.
Expected<PowerCovariance> read_power_covariance(const std::filesystem::path& path,
                                                std::vector<Warning>* warnings = nullptr);
/// A covariance and the rows it is of: TrainingSet::layers from first_row on, as many as it has names.
struct CovarianceOfRows {
  std::size_t first_row = 0;
  PowerCovariance powers;
};

struct ConvertOptions {
  std::uint64_t per_layer_measurements = 10;
  std::string device;  ///< name of the board, written to every row of layers.csv; may be empty
  /// Networks that an attribution has just looked at and could not use: what an earlier one measured of them
  /// is skipped too, and their rows are withdrawn.
  std::vector<std::string> unusable;
  std::size_t jobs = 0;
  /// Told how many of how many networks are done; from several threads.
  std::function<void(std::size_t done, std::size_t total)> progress;
};
struct ConvertOutcome {
  enum class Status { kDone, kSkipped };
  std::string network;
  Status status = Status::kDone;
  std::optional<Error> reason;  ///< why the network was skipped
  std::vector<Reject> rejects;
  std::vector<Warning> warnings;
  std::array<std::size_t, 3> rows{};  ///< by ReferenceKind
  std::size_t layers = 0;             ///< rows of layers.csv
};
/// `convert PREPROCESSED --out TRAINING`: files of docs/interface.md section "training_data"; the two
/// statistics CSVs beside the measurements. One network's fault never ends the others.
Expected<std::vector<ConvertOutcome>> convert_folder(const std::filesystem::path& preprocessed,
                                                     const std::filesystem::path& out,
                                                     const ConvertOptions& options);

/// A network's rows of one kind in the reference's CSV.
struct ReferenceTable {
  std::string network;
  std::vector<ReferenceRow> rows;
};
/// The end-to-end latency of a network that the training set has layers of.
struct EndToEndOfNetwork : EndToEndLatency {
  std::string network;
};
/// Everything under a training_data folder, networks sorted by name. A network may lack a kind.
struct TrainingSet {
  std::array<std::vector<ReferenceTable>, 3> reference;  ///< by ReferenceKind
  std::vector<LayerRow> layers;                          ///< all networks' layers.csv, in network order
  std::vector<CovarianceOfRows> covariance;              ///< first rows ascend, and no row is in two
  std::vector<EndToEndOfNetwork> end_to_end;             ///< of the networks that have one, in network order
  /// Boards that the rows name, sorted: of all rows found, also those that were left out for a `device`.
  std::vector<std::string> devices;
  std::vector<Warning> warnings;
};
/// Finds files at any depth, as the reference does (network = the parent folder's name).
/// Errors: kUnreadable; kMalformed with file and line (column missing, text in a number, empty cell); kUnfit
/// if there is no row at all. Hidden folders, and folders that are links, are left out. With a `device` only
/// rows of that board are taken: a folder's layers.csv says whose its files are, and folders that do not say
/// it are taken, with a warning. The reference's three files do not name boards: where a folder's layers.csv
/// names several they are left out, with a warning. A power_covariance.csv that does not name the rows of the
/// layers.csv beside it is left out with a warning.
Expected<TrainingSet> read_training_set(const std::filesystem::path& folder, const std::string& device = {});
/// All of a training set but the rows of some networks; covariances keep the rows that are left.
TrainingSet without_networks(const TrainingSet& data, std::span<const std::string> networks);
/// The board of a training set read with `device`: that, or what its rows agree on; empty if nothing says it.
/// Error kUnfit if its rows are of several boards: a model is of one.
Expected<std::string> device_of(const TrainingSet& data, const std::string& device);

}  // namespace joulecast
