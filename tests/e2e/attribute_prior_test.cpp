// attribute --prior with a model trained on a board's own first attribution: the whole way round, and no
// worse than without.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

double true_energy_mj(const std::string& table) {
  double sum = 0.0;
  for (std::size_t line = table.find('\n'); line + 1 < table.size(); line = table.find('\n', line + 1)) {
    const std::size_t end = table.find('\n', line + 1);
    sum += std::stod(table.substr(table.rfind(',', end) + 1));
  }
  return sum;
}

TEST(AttributePrior, OfATrainedModelIsNoWorseThanNone) {
  const TemporaryFolder scratch;
  const auto run = [&](const std::vector<std::string>& words) {
    RunOptions options;
    options.folder = scratch.path();
    const auto done = run_program(words, options);
    EXPECT_EQ(done.exit_code, 0) << done.errors;
  };
  run({"simulate", "--out", "raw", "--truth", "truth", "--scenario", "easy", "--networks",
       "resnet18,squeezenet1_1", "--cycles", "2500", "--seed", "105"});
  run({"attribute", "raw", "--out", "first"});
  run({"convert", "first", "--out", "training"});
  run({"train", "training", "--out", "models"});
  run({"attribute", "raw", "--out", "second", "--prior", "models"});
  for (const char* network : {"resnet18", "squeezenet1_1"}) {
    const auto result = [&](const char* folder) {
      return nlohmann::json::parse(read_file(scratch.path() / folder / network / "attribution.json"));
    };
    const auto first = result("first");
    const auto second = result("second");
    EXPECT_EQ(second.at("verdict"), first.at("verdict")) << network;
    const double energy =
        true_energy_mj(read_file(scratch.path() / "truth" / (std::string(network) + ".csv")));
    const auto error = [&](const nlohmann::json& of) {
      return std::abs(of.at("network").at("energy_mj").at("value").get<double>() / energy - 1.0);
    };
    EXPECT_LT(error(first), 0.03) << network;
    EXPECT_LT(error(second), error(first) + 0.01) << network;
    EXPECT_NEAR(second.at("fit").at("energy_balance_percent").get<double>(), 0.0, 0.5) << network;
  }
}

}  // namespace
}  // namespace joulecast::test
