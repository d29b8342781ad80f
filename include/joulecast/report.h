// Figures of what models say of networks they were not trained on, beside what was measured there.
//
// Stage `report`. A chart is values; it becomes a picture with libcairo, which is loaded when the first one
// is drawn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "joulecast/cost_model.h"
#include "joulecast/error.h"
#include "joulecast/training_set.h"

namespace joulecast {

/// A layer's pair of bars. Figures are in the unit of the chart.
struct PredictionBars {
  std::string layer;
  double measured = 0.0, predicted = 0.0;
  std::optional<double> low, high;  ///< interval of the prediction; absent where the model knows none
};

/// One network and one model.
struct PredictionChart {
  std::string file_name;               ///< "<network>_<layer>_<target>_prediction.png", as the reference's
  std::string model;                   ///< name of the model's run on a server: "<layer>_<target>_model"
  std::string title;                   ///< "resnet18: power of convolutional layers"
  std::string quantity;                ///< "power above idle (W)"
  Metrics metrics;                     ///< over these layers
  std::vector<PredictionBars> layers;  ///< at least one, in the order of the training rows
};

/// A chart for each lasso of `model` and each network with rows of its kind that it was not trained on, by
/// the raw prediction that its metrics are of; then for each physical model and each network of layers.csv
/// that it was not trained on, with the layers that take time and were measured one by one. `data` is the
/// training set of the model.
std::vector<PredictionChart> held_out_charts(const CostModel& model, const TrainingSet& data);

/// The chart as a PNG file: a pair of horizontal bars a layer, on an axis with its unit. The same bytes for
/// the same chart and version of libcairo: no font of the machine is used. Errors: kUnfit if libcairo cannot
/// be loaded; kInternal if it fails.
Expected<std::string> draw_png(const PredictionChart& chart);

}  // namespace joulecast
