#include "tracking/runs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/fake_mlflow.h"

namespace joulecast::tracking {
namespace {

TEST(Batches, StayWithinTheLimitsAndLoseNothing) {
  for (const std::size_t params : {0U, 1U, 99U, 100U, 101U, 250U}) {
    for (const std::size_t metrics : {0U, 1U, 899U, 900U, 901U, 1000U, 2500U}) {
      const auto batches = batches_of(Pairs(params, {"k", "v"}), std::vector<RunMetric>(metrics));
      std::size_t params_out = 0;
      std::size_t metrics_out = 0;
      for (const Batch& batch : batches) {
        EXPECT_LE(batch.params.size(), 100U);
        EXPECT_LE(batch.metrics.size(), 1000U);
        EXPECT_LE(batch.params.size() + batch.metrics.size(), 1000U);
        EXPECT_GE(batch.params.size() + batch.metrics.size(), 1U);
        params_out += batch.params.size();
        metrics_out += batch.metrics.size();
      }
      EXPECT_EQ(params_out, params);
      EXPECT_EQ(metrics_out, metrics);
    }
  }
}

TEST(Keys, LoseWhatMlflowRefuses) {
  EXPECT_EQ(accepted_key("a/b c.d-e_f"), "a/b c.d-e_f");
  EXPECT_EQ(accepted_key("f(x)=[1],\"'`"), "f_x___1_____");
  EXPECT_EQ(accepted_key(std::string(400, 'k')).size(), 250U);
}

TEST(Values, EndInDotsWhereTheServerWouldCutThem) {
  EXPECT_EQ(accepted_value("short", 10), "short");
  EXPECT_EQ(accepted_value("0123456789abc", 10), "0123456...");
  EXPECT_EQ(accepted_value("012345\xC3\xBC 89abc", 10), "012345...");  // not half a character
}

class Runs : public ::testing::Test {
 protected:
  Runs() : rest_(server(), hooks()) {}
  TrackingServer server() {
    TrackingServer server;
    server.uri = mlflow_.url();
    server.retries = 2;
    return server;
  }
  static TrackingHooks hooks() {
    TrackingHooks hooks;
    hooks.sleep = [](double) {};
    return hooks;
  }
  NewRun wanted() { return {*experiment_id(rest_, "e"), "key-0", "name", "me", 1000, {{"a", "b"}}}; }
  test::FakeMlflow mlflow_;
  Rest rest_;
};

TEST_F(Runs, AnExperimentIsMadeFoundOrRestored) {
  EXPECT_EQ(*experiment_id(rest_, "one"), "1");
  EXPECT_EQ(*experiment_id(rest_, "two"), "2");
  EXPECT_EQ(*experiment_id(rest_, "one"), "1");
  mlflow_.deleted_experiments = {"1"};
  EXPECT_EQ(*experiment_id(rest_, "one"), "1");
  EXPECT_TRUE(mlflow_.deleted_experiments.empty());
}

TEST_F(Runs, ARunWhoseAnswerIsLostIsMadeOnce) {
  using Fault = test::FakeMlflow::Fault;
  const NewRun run = wanted();
  for (const Fault fault : {Fault::kErrorBefore, Fault::kErrorAfter, Fault::kLostAnswer, Fault::kDropped}) {
    mlflow_.runs.clear();
    mlflow_.fail_at(mlflow_.requests() + 1, fault);  // the search, then runs/create
    const auto made = run_with_key(rest_, run, true);
    ASSERT_TRUE(made) << made.error().error.describe();
    EXPECT_EQ(mlflow_.runs.size(), 1U);
    EXPECT_EQ(mlflow_.runs[0].tags.at("joulecast.run_key"), "key-0");
    EXPECT_EQ(mlflow_.runs[0].start, 1000);
  }
}

TEST_F(Runs, ADeletedRunIsRestored) {
  const NewRun run = wanted();
  ASSERT_TRUE(run_with_key(rest_, run, true));
  mlflow_.runs[0].deleted = true;
  const auto again = run_with_key(rest_, run, true);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->found);
  EXPECT_FALSE(mlflow_.runs[0].deleted);
  EXPECT_EQ(mlflow_.runs.size(), 1U);
}

TEST_F(Runs, MetricsOfABatchWhoseAnswerIsLostAreStoredOnce) {
  const std::string id = run_with_key(rest_, wanted(), true)->id;
  Batch batch{{{"p", "1"}}, {{"m", 0.5, 0}, {"m", 0.25, 1}}};
  mlflow_.fail_at(mlflow_.requests(), test::FakeMlflow::Fault::kLostAnswer);
  ASSERT_TRUE(log_batch(rest_, id, batch, 5, {}, false));
  EXPECT_EQ(mlflow_.runs[0].metrics.at("m").size(), 2U);
  ASSERT_TRUE(log_batch(rest_, id, batch, 5, {}, true));
  EXPECT_EQ(mlflow_.runs[0].metrics.at("m").size(), 2U);
  EXPECT_EQ(mlflow_.runs[0].params.at("p"), "1");
}

TEST_F(Runs, NumbersThatJsonHasNotAreWords) {
  const std::string id = run_with_key(rest_, wanted(), true)->id;
  const double infinity = std::numeric_limits<double>::infinity();
  ASSERT_TRUE(log_batch(rest_, id, {{}, {{"a", std::nan(""), 0}, {"b", infinity, 0}, {"c", -infinity, 0}}}, 5,
                        {}, false));
  EXPECT_EQ(mlflow_.runs[0].metrics.at("a").at(0).second, "NaN");
  EXPECT_EQ(mlflow_.runs[0].metrics.at("b").at(0).second, "Infinity");
  EXPECT_EQ(mlflow_.runs[0].metrics.at("c").at(0).second, "-Infinity");
}

}  // namespace
}  // namespace joulecast::tracking
