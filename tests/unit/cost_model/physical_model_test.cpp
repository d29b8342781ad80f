// Fits, choices, intervals and files of the physical model, by known truth and by definition.
#include "joulecast/physical_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "cost_model/physical/train.h"
#include "joulecast/cost_model.h"
#include "joulecast/evaluation.h"

namespace joulecast {
namespace {

struct Truth {
  double launch_ms = 0.01, ms_per_gflop = 0.05, ms_per_mb = 0.02;
  double corner = 1.0;
  double spread = 0.0;  ///< of a factor on each layer
};

/// Convolutions of several sizes; time = launch + (arithmetic^p + traffic^p)^(1/p).
std::vector<LayerRow> board(const Truth& truth, int networks, int layers, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<LayerRow> rows;
  for (int n = 0; n < networks; ++n) {
    const double own = std::exp(0.5 * truth.spread * normal(random));
    for (int i = 0; i < layers; ++i) {
      LayerRow row;
      row.network = "net" + std::to_string(n);
      row.layer_name = "layer" + std::to_string(i);
      row.layer_type = "CaskConvolution";
      row.kind = LayerKind::kConvolutional;
      row.batch_size = 1.0;
      const auto pick = [&](std::initializer_list<double> of) {
        return *(of.begin() + random() % of.size());
      };
      row.input_channels = pick({16, 32, 64, 128, 256});
      row.output_channels = pick({16, 32, 64, 128, 256});
      row.input_height = row.input_width = row.output_height = row.output_width = pick({7, 14, 28, 56, 112});
      row.kernel_height = row.kernel_width = pick({1, 3});
      row.stride_height = row.stride_width = 1.0;
      row.input_type = row.output_type = row.weight_type = DataType::kFp16;
      const LayerDemand demand = demand_of(row);
      const double arithmetic = truth.ms_per_gflop * demand.matrix_gflop;
      const double traffic = truth.ms_per_mb * demand.traffic_mb;
      const double p = truth.corner;
      row.run_time_ms =
          (truth.launch_ms + std::pow(std::pow(arithmetic, p) + std::pow(traffic, p), 1.0 / p)) * own *
          std::exp(truth.spread * normal(random));
      row.power_w = 2.0 + 10.0 * demand.matrix_gflop / *row.run_time_ms / 50.0;
      row.power_basis = "above_idle";
      rows.push_back(row);
    }
  }
  return rows;
}

TrainingSet set_of(std::vector<LayerRow> rows) {
  TrainingSet set;
  set.layers = std::move(rows);
  return set;
}

std::vector<std::uint32_t> all_units(const PhysicalData& data) {
  std::vector<std::uint32_t> units;
  for (std::uint32_t u = 0; u < data.units.size(); ++u) units.push_back(u);
  return units;
}

TEST(PhysicalFit, FindsTheCoefficientsOfABoardThatFollowsTheFormula) {
  for (const double corner : {1.0, 2.0, 4.0}) {
    const PhysicalData data = gather(board({0.01, 0.05, 0.02, corner}, 1, 120, 1), PhysicalTarget::kRunTime);
    PhysicalFitOptions options;
    options.ridge = 1e-9;
    const auto fit = fit_recipe(data, all_units(data), {.corner = corner}, options);
    ASSERT_TRUE(fit) << fit.error().describe();
    EXPECT_NEAR((*fit)[index(PhysicalTerm::kLaunch)], 0.01, 5e-4) << corner;
    EXPECT_NEAR((*fit)[index(PhysicalTerm::kMatrix)], 0.05, 5e-3) << corner;
    EXPECT_NEAR((*fit)[index(PhysicalTerm::kTraffic)], 0.02, 2e-3) << corner;
  }
}

TEST(PhysicalFit, IsAMinimumOfItsLoss) {
  // No small step that keeps coefficients from 0 upwards lowers the loss (the first-order conditions, by
  // trial).
  const PhysicalData data = gather(board({0.01, 0.05, 0.02, 2.0, 0.2}, 1, 100, 2), PhysicalTarget::kRunTime);
  const auto units = all_units(data);
  for (const bool overlap : {false, true}) {
    const PhysicalRecipe recipe{.corner = 2.0, .overlap = overlap};
    PhysicalFitOptions options;
    options.ridge = 0.0;
    options.loss = PhysicalLoss::kRelative;
    const auto fit = fit_recipe(data, units, recipe, options);
    ASSERT_TRUE(fit);
    const auto loss = [&](const PhysicalValues& at) {
      double sum = 0.0;
      for (const std::uint32_t u : units)
        sum += std::pow(evaluate_unit(data, data.units[u], recipe, at) / data.units[u].measured - 1.0, 2);
      return sum;
    };
    const double least = loss(*fit);
    for (std::size_t j = 0; j < kPhysicalTerms; ++j) {
      EXPECT_GE((*fit)[j], 0.0);
      if (!uses(recipe, data.target, j)) continue;
      for (const double step : {0.02, -0.02}) {
        PhysicalValues trial = *fit;
        if (trial[j] == 0.0) continue;
        trial[j] *= 1.0 + step;
        EXPECT_GE(loss(trial), least * (1.0 - 1e-3)) << to_string(static_cast<PhysicalTerm>(j));
      }
    }
  }
}

TEST(PhysicalFit, SymmetricLossIsLessBiasedThanTheRelativeOne) {
  // Errors by a factor, up as often as down, of log variance v: minimising relative errors gives the median
  // times exp(-3 v / 2), the symmetric loss the harmonic mean, the median times exp(-v / 2).
  const PhysicalData data = gather(board({0.01, 0.05, 0.02, 1.0, 0.4}, 1, 400, 5), PhysicalTarget::kRunTime);
  const auto units = all_units(data);
  const auto bias = [&](PhysicalLoss loss) {
    PhysicalFitOptions options;
    options.loss = loss;
    const auto fit = fit_recipe(data, units, {}, options);
    double sum = 0.0;
    for (const std::uint32_t u : units)
      sum += std::log(evaluate_unit(data, data.units[u], {}, *fit) / data.units[u].measured);
    return sum / static_cast<double>(units.size());
  };
  EXPECT_NEAR(bias(PhysicalLoss::kRelative), -0.24, 0.07);
  EXPECT_NEAR(bias(PhysicalLoss::kSymmetric), -0.08, 0.06);
}

/// Rows that know only launches and traffic.
std::vector<LayerRow> moves(const std::vector<double>& bytes, const std::vector<double>& energies) {
  std::vector<LayerRow> rows;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    LayerRow row;
    row.network = "net";
    row.layer_name = "layer" + std::to_string(i);
    row.kind = LayerKind::kReformat;
    row.bytes_in = bytes[i];
    row.run_time_ms = 1.0;
    row.power_w = energies[i];
    row.power_basis = "above_idle";
    rows.push_back(row);
  }
  return rows;
}

TEST(PhysicalFit, WeighsErrorsThatHangTogetherByTheirCovariance) {
  const std::vector<double> bytes = {1e6, 2e6, 4e6, 8e6, 3e6};
  const std::vector<double> energies = {2.2, 2.9, 5.4, 8.6, 4.1};
  const std::vector<LayerRow> rows = moves(bytes, energies);
  PowerCovariance powers;
  for (const LayerRow& row : rows) powers.layer_names.push_back(row.layer_name);
  powers.w2.assign(25, 0.0);
  for (std::size_t i = 0; i < 5; ++i) powers.w2[i * 5 + i] = 0.05 + 0.01 * static_cast<double>(i);
  powers.w2[0 * 5 + 1] = powers.w2[1 * 5 + 0] = -0.04;  // what one layer is given is taken from its neighbour
  const PhysicalData data = gather(rows, PhysicalTarget::kEnergy, std::vector<CovarianceOfRows>{{0, powers}});
  ASSERT_EQ(data.covariance.size(), 1U);
  PhysicalFitOptions options;
  options.ridge = 0.0;
  options.loss = PhysicalLoss::kRelative;
  const auto units = all_units(data);
  const auto fit = fit_recipe(data, units, {}, options);
  ASSERT_TRUE(fit);
  // The same by hand: 2 x 2 normal equations with the inverse of the covariance, by Gauss-Jordan.
  std::array<std::array<double, 10>, 5> table{};
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t k = 0; k < 5; ++k)
      table[i][k] = powers.w2[i * 5 + k] / energies[i] / energies[k] +
                    (i == k ? options.model_sd * options.model_sd : 0.0);
    table[i][5 + i] = 1.0;
  }
  for (std::size_t p = 0; p < 5; ++p) {
    const double pivot = table[p][p];
    for (double& value : table[p]) value /= pivot;
    for (std::size_t i = 0; i < 5; ++i) {
      if (i == p) continue;
      const double factor = table[i][p];
      for (std::size_t k = 0; k < 10; ++k) table[i][k] -= factor * table[p][k];
    }
  }
  const auto product = [&](auto&& left, auto&& right) {
    double sum = 0.0;
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t k = 0; k < 5; ++k) sum += left(i) * table[i][5 + k] * right(k);
    return sum;
  };
  const auto launch = [&](std::size_t i) { return 1.0 / energies[i]; };
  const auto traffic = [&](std::size_t i) { return bytes[i] / 1e6 / energies[i]; };
  const auto one = [](std::size_t) { return 1.0; };
  const double ll = product(launch, launch);
  const double lt = product(launch, traffic);
  const double tt = product(traffic, traffic);
  const double l = product(launch, one);
  const double t = product(traffic, one);
  const double determinant = ll * tt - lt * lt;
  EXPECT_NEAR((*fit)[index(PhysicalTerm::kLaunch)], (l * tt - t * lt) / determinant, 1e-9);
  EXPECT_NEAR((*fit)[index(PhysicalTerm::kTraffic)], (t * ll - l * lt) / determinant, 1e-9);
  // And it is another fit than one that knows no covariance.
  const auto plain = fit_recipe(gather(rows, PhysicalTarget::kEnergy), units, {}, options);
  EXPECT_GT(std::abs((*plain)[index(PhysicalTerm::kLaunch)] - (*fit)[index(PhysicalTerm::kLaunch)]), 1e-3);
}

TEST(PhysicalData, CovarianceOfABlockIsThatOfItsSum) {
  std::vector<LayerRow> rows = moves({1e6, 2e6, 4e6}, {2.0, 3.0, 5.0});
  rows[0].block = rows[1].block = "both";
  rows[0].status = rows[1].status = "merged";
  rows[1].run_time_ms = 2.0;
  PowerCovariance powers;
  for (const LayerRow& row : rows) powers.layer_names.push_back(row.layer_name);
  powers.w2 = {0.5, 0.1, 0.0, 0.1, 0.4, 0.2, 0.0, 0.2, 0.3};
  const PhysicalData data = gather(rows, PhysicalTarget::kEnergy, std::vector<CovarianceOfRows>{{0, powers}});
  ASSERT_EQ(data.units.size(), 2U);
  const double sum = 2.0 + 6.0;
  const auto& relative = data.covariance.at(0).relative;
  EXPECT_NEAR(relative[0], (0.5 + 2.0 * 2.0 * 0.1 + 4.0 * 0.4) / sum / sum, 1e-12);
  EXPECT_NEAR(relative[1], 2.0 * 0.2 / sum / 5.0, 1e-12);
  EXPECT_NEAR(relative[3], 0.3 / 25.0, 1e-12);
}

TEST(PhysicalData, ACovarianceIsOfItsOwnRowsAmongThoseOfOneNetwork) {
  const std::vector<LayerRow> rows = moves({1e6, 2e6, 4e6, 8e6}, {2.0, 3.0, 5.0, 7.0});
  const PowerCovariance first{{"layer0", "layer1"}, {0.5, 0.1, 0.1, 0.4}};
  const PowerCovariance second{{"layer2", "layer3"}, {0.3, 0.2, 0.2, 0.6}};
  const auto gathered = [&](const std::vector<CovarianceOfRows>& covariance) {
    return gather(rows, PhysicalTarget::kEnergy, covariance).covariance;
  };
  const auto both = gathered({{0, first}, {2, second}});
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0].units, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(both[1].units, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_NEAR(both[1].relative[0], 0.3 / 25.0, 1e-12);
  EXPECT_NEAR(both[1].relative[1], 0.2 / 35.0, 1e-12);
  // The first rows have none: the second's is not theirs.
  const auto only_second = gathered({{2, second}});
  ASSERT_EQ(only_second.size(), 1U);
  EXPECT_EQ(only_second[0].units, (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(only_second[0].relative, both[1].relative);
}

TEST(PhysicalData, ABlockThatACovarianceKnowsInPartIsNotCovered) {
  std::vector<LayerRow> rows = moves({1e6, 2e6, 4e6}, {2.0, 3.0, 5.0});
  rows[0].block = rows[1].block = "both";
  rows[0].status = rows[1].status = "merged";
  const PowerCovariance powers{{"layer1", "layer2"}, {0.5, 0.1, 0.1, 0.4}};
  const auto covariance =
      gather(rows, PhysicalTarget::kEnergy, std::vector<CovarianceOfRows>{{1, powers}}).covariance;
  ASSERT_EQ(covariance.size(), 1U);
  EXPECT_EQ(covariance[0].units, (std::vector<std::uint32_t>{1}));
}

TEST(PhysicalFit, HeldOutNetworksTakeTheirCovarianceWithThem) {
  // As if there had never been any: what is left keeps its own rows' covariance.
  TrainingSet all = set_of(board({}, 4, 20, 11));
  const auto covariance_from = [&](std::size_t first_row, double sd) {
    CovarianceOfRows out{first_row, {}};
    for (std::size_t i = 0; i < 20; ++i)
      out.powers.layer_names.push_back(all.layers[first_row + i].layer_name);
    out.powers.w2.assign(400, 0.0);
    for (std::size_t i = 0; i < 20; ++i) out.powers.w2[i * 20 + i] = sd * sd * static_cast<double>(1 + i % 5);
    return out;
  };
  all.covariance = {covariance_from(0, 2.0), covariance_from(20, 0.5), covariance_from(60, 1.0)};
  TrainingSet left;
  left.layers.assign(all.layers.begin(), all.layers.begin() + 20);
  left.layers.insert(left.layers.end(), all.layers.begin() + 40, all.layers.end());
  left.covariance = {all.covariance[0], all.covariance[2]};
  left.covariance[1].first_row = 40;
  const std::vector<std::string> held_out = {"net1"};
  const auto energy_fits = [](const Expected<CostModel>& model) {
    EXPECT_TRUE(model);
    std::vector<PhysicalValues> out;
    for (const PhysicalFit& fit : model->find(PhysicalTarget::kEnergy)->fits) out.push_back(fit.coefficients);
    return out;
  };
  EXPECT_EQ(energy_fits(train_physical(all, held_out, {})), energy_fits(train_physical(left, {}, {})));
}

TEST(PhysicalFit, MoreWorkNeverTakesLess) {
  auto trained = train_physical(set_of(board({0.01, 0.05, 0.02, 2.0, 0.1}, 4, 30, 3)), {}, {});
  ASSERT_TRUE(trained);
  PhysicalModel model = *trained->find(PhysicalTarget::kRunTime);
  model.residual.reset();
  // But for sums of parts, which only small products need.
  for (PhysicalFit& fit : model.fits) fit.coefficients[index(PhysicalTerm::kSplitLaunch)] = 0.0;
  LayerGeometry layer = board({}, 1, 1, 4)[0];
  double before = 0.0;
  for (const double size : {7.0, 14.0, 28.0, 56.0, 112.0}) {
    layer.input_height = layer.input_width = layer.output_height = layer.output_width = size;
    const double value = predict(model, layer).value;
    EXPECT_GT(value, before);
    before = value;
  }
}

TEST(PhysicalData, RowsOfABlockAreOneUnit) {
  std::vector<LayerRow> rows = board({}, 1, 4, 5);
  rows[1].block = rows[2].block = "pair";
  rows[2].run_time_ms.reset();
  const PhysicalData data = gather(rows, PhysicalTarget::kRunTime);
  ASSERT_EQ(data.units.size(), 3U);
  EXPECT_EQ(data.units[1].end - data.units[1].begin, 2U);
  EXPECT_EQ(data.units[1].measured, *rows[1].run_time_ms);
  EXPECT_EQ(data.values[data.units[1].begin][index(PhysicalTerm::kCall)], 1.0);
  EXPECT_EQ(data.values[0][index(PhysicalTerm::kCall)], 0.0);
}

TEST(PhysicalData, ALayerWithoutRunTimeDoesNotSplitABlock) {
  std::vector<LayerRow> rows = board({}, 1, 4, 6);
  for (const std::size_t i : {0U, 2U}) rows[i].block = "both";
  rows[1].kind = LayerKind::kNone;
  rows[1].run_time_ms.reset();
  rows[2].run_time_ms.reset();
  rows[0].run_time_ms = 0.5;
  const PhysicalData data = gather(rows, PhysicalTarget::kRunTime);
  ASSERT_EQ(data.units.size(), 2U);
  EXPECT_EQ(data.units[0].end - data.units[0].begin, 2U);
  EXPECT_EQ(data.units[0].measured, 0.5);
}

TEST(PhysicalData, TimesOfABlockThatIsMergedForItsPowerStayApart) {
  std::vector<LayerRow> rows = board({}, 1, 3, 6);
  for (LayerRow& row : rows) {
    row.block = "all";
    row.status = "merged";
  }
  EXPECT_EQ(gather(rows, PhysicalTarget::kRunTime).units.size(), 3U);
  const PhysicalData energy = gather(rows, PhysicalTarget::kEnergy);
  ASSERT_EQ(energy.units.size(), 1U);
  double sum = 0.0;
  for (const LayerRow& row : rows) sum += *row.power_w * *row.run_time_ms;
  EXPECT_NEAR(energy.units[0].measured, sum, 1e-12);
}

TEST(PhysicalData, IdleIsTakenOffAWholeBoardsEnergyWhereItIsKnown) {
  std::vector<LayerRow> rows = board({}, 1, 1, 7);
  rows[0].power_basis = "board";
  rows[0].energy_mj = 5.0;
  rows[0].run_time_ms = 2.0;
  EXPECT_EQ(gather(rows, PhysicalTarget::kEnergy).power_basis, "board");
  rows[0].idle_power_w = 1.5;
  const PhysicalData data = gather(rows, PhysicalTarget::kEnergy);
  EXPECT_EQ(data.power_basis, "above_idle");
  EXPECT_EQ(data.units[0].measured, 2.0);
}

TEST(PhysicalData, FiguresOfZeroOrLessAreLeftOutAndCounted) {
  std::vector<LayerRow> rows = board({}, 1, 3, 8);
  rows[0].run_time_ms = 0.0;
  rows[1].run_time_ms = -1.0;
  const PhysicalData data = gather(rows, PhysicalTarget::kRunTime);
  EXPECT_EQ(data.units.size(), 1U);
  ASSERT_EQ(data.warnings.size(), 1U);
  EXPECT_EQ(data.warnings[0].count, 2U);
}

TEST(PhysicalTraining, KeepsNoResidualWhereTheFormulaIsTheTruth) {
  const auto trained = train_physical(set_of(board({0.01, 0.05, 0.02, 1.0, 0.1}, 5, 30, 9)), {}, {});
  ASSERT_TRUE(trained);
  EXPECT_FALSE(trained->find(PhysicalTarget::kRunTime)->residual);
}

TEST(PhysicalTraining, WeighsTheRightCornerMost) {
  const auto trained = train_physical(set_of(board({0.01, 0.2, 0.05, 4.0, 0.02}, 6, 40, 10)), {}, {});
  ASSERT_TRUE(trained);
  double right = 0.0;
  double sum = 0.0;
  for (const PhysicalFit& fit : trained->find(PhysicalTarget::kRunTime)->fits) {
    sum += fit.weight;
    if (fit.recipe.corner == 4.0) right += fit.weight;
  }
  EXPECT_NEAR(sum, 1.0, 1e-12);
  EXPECT_GT(right, 0.5);
}

TEST(PhysicalTraining, WhereNothingIsHeldOutThereIsNoErrorAndFilesSaySo) {
  const auto trained = train_physical(set_of(board({}, 1, 1, 12)), {}, {});
  ASSERT_TRUE(trained);
  EXPECT_FALSE(best_held_out_rmspe_percent(*trained->find(PhysicalTarget::kRunTime)));
  const std::string text = *to_json(*trained);
  EXPECT_NE(text.find("\"held_out_rmspe_percent\": null"), std::string::npos);
  const auto read = parse_cost_model(text, "model.json");
  ASSERT_TRUE(read) << read.error().describe();
  EXPECT_EQ(*to_json(*read), text);
}

TEST(PhysicalTraining, SaysWhatOneNetworkCannotTell) {
  const auto trained = train_physical(set_of(board({}, 1, 30, 11)), {}, {});
  ASSERT_TRUE(trained);
  EXPECT_EQ(trained->find(PhysicalTarget::kRunTime)->intervals->groups, "shape");
  EXPECT_FALSE(trained->warnings.empty());
}

TEST(PhysicalTraining, OneLayerGivesAModelWithoutIntervals) {
  const auto trained = train_physical(set_of(board({}, 1, 1, 12)), {}, {});
  ASSERT_TRUE(trained) << trained.error().describe();
  EXPECT_FALSE(trained->find(PhysicalTarget::kRunTime)->intervals);
}

TEST(PhysicalTraining, EqualTargetsGiveThatTarget) {
  std::vector<LayerRow> rows = board({}, 4, 10, 13);
  for (LayerRow& row : rows) row.run_time_ms = 0.5;
  const auto trained = train_physical(set_of(rows), {}, {});
  ASSERT_TRUE(trained);
  EXPECT_NEAR(predict(*trained->find(PhysicalTarget::kRunTime), rows[0]).value, 0.5, 0.05);
}

TEST(PhysicalTraining, MissingPowerOrTimeLeavesTheOtherModel) {
  std::vector<LayerRow> rows = board({}, 4, 10, 14);
  for (LayerRow& row : rows) row.power_w.reset();
  const auto times = train_physical(set_of(rows), {}, {});
  ASSERT_TRUE(times);
  EXPECT_EQ(times->find(PhysicalTarget::kEnergy), nullptr);
  for (LayerRow& row : rows) {
    row.energy_mj = 2.0;
    row.run_time_ms.reset();
  }
  const auto energies = train_physical(set_of(rows), {}, {});
  ASSERT_TRUE(energies) << energies.error().describe();
  EXPECT_EQ(energies->find(PhysicalTarget::kRunTime), nullptr);
  for (LayerRow& row : rows) row.energy_mj.reset();
  EXPECT_EQ(train_physical(set_of(rows), {}, {}).error().kind, ErrorKind::kUnfit);
}

/// The same board whose kernels compute tiles of 64 x 32 in waves of `multiprocessors`.
std::vector<LayerRow> board_in_waves(double multiprocessors, int networks, unsigned seed) {
  std::vector<LayerRow> rows = board({}, networks, 30, seed);
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  for (LayerRow& row : rows) {
    row.tile_rows = 64.0;
    row.tile_columns = 32.0;
    const LayerDemand demand = demand_of(row);
    const double tiles = std::ceil(demand.product.rows / 64.0) * std::ceil(demand.product.columns / 32.0);
    const double whole = multiprocessors > 0.0 ? std::ceil(tiles / multiprocessors) * multiprocessors : tiles;
    const double gflop = 2.0 * whole * 64.0 * 32.0 * demand.product.depth / 1e9;
    row.run_time_ms =
        (0.01 + std::hypot(2.0 * gflop, 0.02 * demand.traffic_mb)) * std::exp(0.05 * normal(random));
  }
  return rows;
}

TEST(PhysicalTraining, LearnsTheNumberOfMultiprocessorsFromWaves) {
  for (const double count : {0.0, 4.0, 14.0, 28.0}) {
    const auto rows = board_in_waves(count, 6, 40);
    const auto trained = train_physical(set_of(rows), {}, {});
    ASSERT_TRUE(trained);
    EXPECT_EQ(trained->find(PhysicalTarget::kRunTime)->device.multiprocessors, count);
    EXPECT_EQ(trained->find(PhysicalTarget::kEnergy)->device.multiprocessors, 0.0);  // goes by tiles
  }
}

TEST(PhysicalTraining, LearnsNoMultiprocessorsFromAFewLayersNorWhereADataSheetTells) {
  const auto few = train_physical(set_of(board_in_waves(14.0, 1, 41)), {}, {});
  ASSERT_TRUE(few);
  EXPECT_EQ(few->find(PhysicalTarget::kRunTime)->device.multiprocessors, 0.0);
  auto rows = board_in_waves(14.0, 6, 41);
  for (LayerRow& row : rows) row.device = "Jetson TX2";
  const auto known = train_physical(set_of(rows), {}, {});
  ASSERT_TRUE(known);
  EXPECT_EQ(known->find(PhysicalTarget::kRunTime)->device.multiprocessors, 2.0);
}

TEST(PhysicalTraining, HeldOutNetworksAreBetterPredictedWithWaves) {
  const TrainingSet data = set_of(board_in_waves(14.0, 8, 42));
  EvaluationOptions options;
  options.groups = HeldOutGroups::kNetwork;
  options.lasso = false;
  options.choices.residual = false;  // sizes repeat here, so that it would learn the waves by heart
  const auto with = evaluate(data, options);
  options.choices.tiles = false;
  const auto without = evaluate(data, options);
  ASSERT_TRUE(with && without);
  EXPECT_LT(with->find("run_time")->all.rmspe_percent, 6.5);  // 5 % are noise
  EXPECT_GT(without->find("run_time")->all.rmspe_percent, 10.0);
}

TEST(PhysicalTraining, ARecipeThatGroupsAgreeIsWorseHardlyCounts) {
  const auto trained = train_physical(set_of(board({0.01, 0.2, 0.05, 4.0, 0.02}, 12, 40, 43)), {}, {});
  ASSERT_TRUE(trained);
  for (const PhysicalFit& fit : trained->find(PhysicalTarget::kRunTime)->fits) {
    EXPECT_TRUE(fit.recipe.corner != 1.0 || fit.weight < 0.01) << fit.weight;
  }
}

TEST(PhysicalIntervals, CoverNewNetworksOfTheSameBoard) {
  // 20 networks teach, 20 others are asked; errors share a part within a network, as real ones do.
  std::size_t inside = 0;
  std::size_t all = 0;
  for (unsigned seed = 20; seed < 26; ++seed) {
    const auto rows = board({0.01, 0.05, 0.02, 2.0, 0.15}, 40, 15, seed);
    std::vector<std::string> others;
    for (int n = 20; n < 40; ++n) others.push_back("net" + std::to_string(n));
    const auto trained = train_physical(set_of(rows), others, {});
    ASSERT_TRUE(trained);
    const PhysicalModel& model = *trained->find(PhysicalTarget::kRunTime);
    ASSERT_TRUE(model.intervals);
    EXPECT_EQ(model.intervals->group_count, 20U);
    for (std::size_t i = 20 * 15; i < rows.size(); ++i) {
      const PhysicalPrediction one = predict(model, rows[i]);
      ++all;
      inside += std::abs(std::log(*rows[i].run_time_ms / one.value)) <= one.log_ratio ? 1U : 0U;
    }
  }
  const double share = static_cast<double>(inside) / static_cast<double>(all);
  EXPECT_GE(share, 0.86);
  EXPECT_LE(share, 0.97);
}

TEST(PhysicalIntervals, WidenOutsideWhatWasSeen) {
  const auto trained = train_physical(set_of(board({0.01, 0.05, 0.02, 1.0, 0.1}, 5, 30, 30)), {}, {});
  ASSERT_TRUE(trained);
  const PhysicalModel& model = *trained->find(PhysicalTarget::kRunTime);
  LayerGeometry layer = board({}, 1, 1, 31)[0];
  const PhysicalPrediction inside = predict(model, layer);
  layer.input_channels = layer.output_channels = 8192.0;
  const PhysicalPrediction outside = predict(model, layer);
  EXPECT_EQ(inside.distance, 0.0);
  EXPECT_GT(outside.distance, 0.05);
  EXPECT_GT(outside.log_ratio, inside.log_ratio);
  layer.kind = LayerKind::kOther;
  EXPECT_TRUE(predict(model, layer).bytes_only);
}

class PhysicalFile : public ::testing::Test {
 protected:
  void SetUp() override {
    auto trained = train_physical(set_of(board({0.01, 0.05, 0.02, 2.0, 0.3}, 5, 30, 40)), {}, {});
    ASSERT_TRUE(trained);
    model_ = std::move(*trained);
    model_.physical[0].residual = PhysicalResidual{1.0,
                                                   0.1,
                                                   0.2,
                                                   std::vector<double>(kSizes, 0.0),
                                                   std::vector<double>(kSizes, 1.0),
                                                   std::vector<double>(kSizes, 0.5),
                                                   {0.25}};
    text_ = *to_json(model_);
  }
  Error error_after(const std::string& from, const std::string& to) {
    std::string changed = text_;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    changed.replace(at, from.size(), to);
    const auto read = parse_cost_model(changed, "model.json");
    EXPECT_FALSE(read);
    return read ? Error{} : read.error();
  }
  CostModel model_;
  std::string text_;
};

TEST_F(PhysicalFile, ReadingAndWritingAgainGivesTheSameBytes) {
  const auto read = parse_cost_model(text_, "model.json");
  ASSERT_TRUE(read) << read.error().describe();
  EXPECT_EQ(*to_json(*read), text_);
  const LayerRow row = board({}, 1, 1, 41)[0];
  EXPECT_EQ(predict(*read->find(PhysicalTarget::kEnergy), row, 0.1).value,
            predict(*model_.find(PhysicalTarget::kEnergy), row, 0.1).value);
}

TEST_F(PhysicalFile, WhatACallTakesBesideItsLayersComesBack) {
  EXPECT_EQ(text_.find("end_to_end"), std::string::npos);
  model_.end_to_end = EndToEndModel{0.2, -0.003, 4, 2.5, 0.04, 17.0};
  text_ = *to_json(model_);
  EXPECT_NE(text_.find("\"format_version\": 6"), std::string::npos);
  const auto read = parse_cost_model(text_, "model.json");
  ASSERT_TRUE(read) << read.error().describe();
  ASSERT_TRUE(read->end_to_end);
  EXPECT_EQ(read->end_to_end->layer_ms, -0.003);
  EXPECT_EQ(*to_json(*read), text_);
  EXPECT_EQ(error_after("\"call_ms\": 0.2", "\"call_ms\": -0.2").message, "end_to_end.call_ms: is below 0");
  EXPECT_EQ(error_after("\"format_version\": 6", "\"format_version\": 5").message,
            "format_version: 5 is of a development version");
}

TEST_F(PhysicalFile, WhatIsWrongIsRefusedWithItsPlace) {
  EXPECT_EQ(error_after("\"matern 5/2\"", "\"cubic\"").message,
            "physical[0].residual.kernel: is not matern 5/2");
  EXPECT_EQ(error_after("\"scale\": [1.0,", "\"scale\": [5e-324,").message,
            "physical[0].residual.scale[0]: is no scale: it must be a number of at least 1e-150");
  EXPECT_EQ(error_after("\"target\": \"run_time\"", "\"target\": \"energy\"").kind, ErrorKind::kMalformed);
  EXPECT_EQ(error_after("\"corner\": 1.0", "\"corner\": 0.5").message,
            "physical[0].recipes[0].corner: is below 1");
  EXPECT_EQ(error_after("\"launch\":", "\"lunch\":").message,
            "physical[0].recipes[0].coefficients.lunch: is a member this version does not know");
  EXPECT_EQ(error_after("\"weights\": [0.25]", "\"weights\": [0.25, 1.0]").kind, ErrorKind::kMalformed);
  EXPECT_EQ(error_after("\"format_version\": 6", "\"format_version\": 1").kind, ErrorKind::kMalformed);
}

}  // namespace
}  // namespace joulecast
