// A training is on the server exactly once, whatever fails on the way.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "joulecast/tracking.h"
#include "support/expect_words.h"
#include "support/fake_mlflow.h"
#include "support/run_program.h"
#include "support/small_model.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

using Fault = test::FakeMlflow::Fault;

TrackingHooks quick() {
  TrackingHooks hooks;
  hooks.sleep = [](double) {};
  return hooks;
}

TrackingServer at(const test::FakeMlflow& mlflow, int retries = 0) {
  TrackingServer server;
  server.uri = mlflow.url();
  server.retries = retries;
  return server;
}

/// A small training: a parent and two models.
TrainingRecord small_record() {
  CostModel model = test::small_cost_model();
  model.lasso.resize(2);
  TrainingContext context;
  context.uri = "http://ignored";
  context.experiment = "boards";
  context.start_ms = 1000;
  context.end_ms = 2000;
  context.user = "me";
  context.source = "/";
  context.test_networks = {"lenet"};
  TrainingRecord record = describe_training(model, context);
  record.key = "0123456789abcdef0123456789abcdef";
  return record;
}

TEST(SendTraining, BringsEverythingAndLeavesNothing) {
  const test::TemporaryFolder models;
  test::FakeMlflow mlflow;
  const auto folder = spool_training(small_record(), models.path());
  ASSERT_TRUE(folder);
  std::size_t last = 0;
  std::size_t total = 0;
  TrackingHooks hooks = quick();
  hooks.progress = [&](std::size_t done, std::size_t all) {
    last = done;
    total = all;
  };
  const auto sent = send_spooled(*folder, at(mlflow), hooks);
  ASSERT_TRUE(sent) << sent.error().describe();
  EXPECT_EQ(sent->runs, 3U);
  EXPECT_EQ(sent->url, mlflow.url() + "/#/experiments/1/runs/run0");
  EXPECT_EQ(last, total);
  EXPECT_TRUE(test::files_below(models.path()).empty());
  EXPECT_TRUE(std::filesystem::is_empty(models.path()));

  ASSERT_EQ(mlflow.runs.size(), 3U);
  const auto& power = mlflow.run_named("convolutional_power_model");
  EXPECT_EQ(power.status, "FINISHED");
  EXPECT_EQ(power.start, 1000);
  EXPECT_EQ(power.end, 2000);
  EXPECT_EQ(power.tags.at("mlflow.parentRunId"), "run0");
  EXPECT_EQ(power.tags.at("mlflow.user"), "me");
  EXPECT_EQ(power.tags.at("joulecast.data_hash"), "00ff");
  EXPECT_EQ(power.params.at("lasso__cv"), "10");
  EXPECT_EQ(power.params.at("train_num_cnn_models"), "2");
  EXPECT_EQ(power.params.at("test_num_cnn_models"), "1");
  EXPECT_EQ(power.metrics.at("testing_root_mean_squared_percentage_error").at(0).second, 2.5);
  EXPECT_EQ(power.metrics.at("training_r2_score").at(0).second, 0.9);
  ASSERT_EQ(power.metrics.at("cross_validation_mean_squared_error").size(), 2U);
  EXPECT_EQ(power.metrics.at("cross_validation_alpha").at(1).second, 0.25);
  const auto logged = nlohmann::json::parse(power.tags.at("mlflow.log-model.history"));
  ASSERT_EQ(logged.size(), 1U);
  EXPECT_EQ(logged[0].at("run_id"), power.id);
  EXPECT_EQ(logged[0].at("utc_time_created"), "1970-01-01 00:00:02.000000");
  EXPECT_FALSE(mlflow.runs[0].tags.contains("mlflow.log-model.history"));
  const std::string place = "1/" + power.id + "/artifacts/model/";
  for (const char* file : {"MLmodel", "model.onnx", "input_example.json", "requirements.txt"})
    EXPECT_TRUE(mlflow.files.contains(place + file)) << file;
  test::expect_words(mlflow.files.at(place + "MLmodel"),
                     {"flavors:", "artifact_path: 'model'\n", "run_id: '" + power.id + "'\n",
                      "utc_time_created: '1970-01-01 00:00:02.000000'\n"});
  EXPECT_EQ(mlflow.files.at(place + "MLmodel").find("model_id"), std::string::npos);
  EXPECT_FALSE(mlflow.files.contains("1/run0/artifacts/model/MLmodel"));
  EXPECT_TRUE(parse_cost_model(mlflow.files.at(place + "model.json"), "file"));
  EXPECT_TRUE(mlflow.files.contains("1/run0/artifacts/evaluation.json"));
  EXPECT_EQ(mlflow.aliases.at("convolutional_power_model").at("champion"), "1");
  ASSERT_EQ(mlflow.versions.size(), 3U);
  EXPECT_EQ(mlflow.version_of("convolutional_power_model").source,
            "mlflow-artifacts:/1/" + power.id + "/artifacts/model");
}

TEST(SendTraining, OnAServerOfMlflow3ModelsAreLoggedModels) {
  const test::TemporaryFolder models;
  test::FakeMlflow mlflow;
  mlflow.knows_logged_models = true;
  ASSERT_TRUE(send_spooled(*spool_training(small_record(), models.path()), at(mlflow), quick()));
  ASSERT_EQ(mlflow.logged_models.size(), 2U);  // the parent's model is none of MLflow's
  const auto& run = mlflow.run_named("convolutional_power_model");
  const auto logged = std::find_if(mlflow.logged_models.begin(), mlflow.logged_models.end(),
                                   [&](const auto& model) { return model.run == run.id; });
  ASSERT_NE(logged, mlflow.logged_models.end());
  EXPECT_EQ(logged->name, "convolutional_power_model");
  EXPECT_EQ(logged->status, "LOGGED_MODEL_READY");
  EXPECT_TRUE(logged->output);
  EXPECT_EQ(logged->metrics.at("testing_r2_score"), 1U);
  EXPECT_FALSE(logged->metrics.contains("cross_validation_alpha"));  // of the run alone
  EXPECT_FALSE(run.tags.contains("mlflow.log-model.history"));
  const std::string place = "1/models/" + logged->id + "/artifacts/";
  for (const char* file : {"MLmodel", "model.onnx", "model.json"})
    EXPECT_TRUE(mlflow.files.contains(place + file)) << file;
  test::expect_words(mlflow.files.at(place + "MLmodel"),
                     {"artifact_path: 'mlflow-artifacts:/" + place.substr(0, place.size() - 1) + "'\n",
                      "run_id: '" + run.id + "'\n", "model_id: '" + logged->id + "'\n"});
  EXPECT_FALSE(mlflow.files.contains("1/" + run.id + "/artifacts/model/MLmodel"));
  EXPECT_TRUE(mlflow.files.contains("1/" + run.id + "/artifacts/evaluation.json"));
  EXPECT_TRUE(mlflow.files.contains("1/run0/artifacts/model/model.json"));
  EXPECT_EQ(mlflow.version_of("convolutional_power_model").source, "models:/" + logged->id);
  EXPECT_EQ(mlflow.version_of("convolutional_power_model").run, run.id);
  const test::TemporaryFolder out;
  ASSERT_TRUE(pull_model(at(mlflow), "models:/convolutional_power_model@champion", out.path() / "model"));
  EXPECT_TRUE(load_cost_model(out.path() / "model"));
}

TEST(SendTraining, SendsOverAsManyConnectionsAsItMay) {
  for (const std::size_t connections : {1U, 3U}) {
    const test::TemporaryFolder models;
    test::FakeMlflow mlflow;
    TrackingServer server = at(mlflow);
    server.connections = connections;
    mlflow.gather("runs/log-batch", connections);  // of three runs
    ASSERT_TRUE(send_spooled(*spool_training(small_record(), models.path()), server, quick()));
    EXPECT_EQ(mlflow.stub().gathered(), connections);
    EXPECT_EQ(mlflow.stub().connections(), connections);
  }
}

TEST(SendTraining, CallsProgressAndRetriesOneAtATime) {
  const test::TemporaryFolder models;
  test::FakeMlflow mlflow;
  mlflow.refused_call = "registered-models/create";  // of each run, at the same time
  std::atomic<int> inside = 0;
  const auto look = [&] {
    EXPECT_EQ(++inside, 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // for another one to come
    --inside;
  };
  int retries = 0;
  TrackingHooks hooks = quick();
  hooks.progress = [&](std::size_t, std::size_t) { look(); };
  hooks.on_retry = [&](const std::string&, double) {
    look();
    ++retries;
  };
  EXPECT_FALSE(send_spooled(*spool_training(small_record(), models.path()), at(mlflow, 5), hooks));
  EXPECT_GE(retries, 5);
}

/// A server and a sender of it: what may fail, over how many connections, of which version.
struct FaultCase {
  Fault fault;
  std::size_t connections;
  bool logged_models;
};

void prepare(const FaultCase& one, test::FakeMlflow& mlflow, TrackingServer& server) {
  mlflow.knows_logged_models = one.logged_models;
  server.connections = one.connections;
}

/// What a training without faults leaves on a server, and in how many requests.
std::pair<std::string, std::size_t> without_faults(const FaultCase& like) {
  const test::TemporaryFolder models;
  test::FakeMlflow mlflow;
  TrackingServer server = at(mlflow);
  prepare(like, mlflow, server);
  EXPECT_TRUE(send_spooled(*spool_training(small_record(), models.path()), server, quick()));
  return {mlflow.content(), mlflow.requests()};
}

void expect_models_logged_once(const test::FakeMlflow& mlflow) {
  for (const auto& run : mlflow.runs) {
    const auto tag = run.tags.find("mlflow.log-model.history");
    if (tag == run.tags.end()) continue;  // the parent, or a warning
    EXPECT_EQ(nlohmann::json::parse(tag->second).size(), 1U) << run.name;
  }
}

class EachFault : public ::testing::TestWithParam<FaultCase> {};

std::vector<FaultCase> fault_cases() {
  std::vector<FaultCase> cases;
  for (const Fault fault : {Fault::kErrorBefore, Fault::kErrorAfter, Fault::kLostAnswer, Fault::kDropped})
    for (const std::size_t connections : {1U, 4U})
      for (const bool logged_models : {false, true}) cases.push_back({fault, connections, logged_models});
  return cases;
}

std::string name_of(const ::testing::TestParamInfo<FaultCase>& one) {
  constexpr std::array kNames = {"ErrorBefore", "ErrorAfter", "LostAnswer", "Dropped"};
  return std::string(kNames.at(static_cast<std::size_t>(one.param.fault))) + "Over" +
         std::to_string(one.param.connections) + (one.param.logged_models ? "ToVersion3" : "ToVersion2");
}

INSTANTIATE_TEST_SUITE_P(Send, EachFault, ::testing::ValuesIn(fault_cases()), name_of);

TEST_P(EachFault, OfEachRequestIsMadeGoodByResuming) {
  const auto [expected, requests] = without_faults(GetParam());
  ASSERT_GT(requests, 30U);
  std::size_t failed = 0;
  for (std::size_t i = 0; i < requests; ++i) {
    const test::TemporaryFolder models;
    test::FakeMlflow mlflow;
    TrackingServer server = at(mlflow);
    prepare(GetParam(), mlflow, server);
    const auto folder = spool_training(small_record(), models.path());
    mlflow.fail_at(i, GetParam().fault);
    const auto sent = send_spooled(*folder, server, quick());
    if (sent) {  // libcurl repeats what may be repeated where a kept connection closes
      EXPECT_EQ(mlflow.content(), expected) << "request " << i;
      continue;
    }
    ++failed;
    EXPECT_EQ(sent.error().kind, ErrorKind::kServer);
    const auto waiting = spooled_trainings(models.path());
    ASSERT_TRUE(waiting);
    ASSERT_EQ(waiting->size(), 1U);
    const auto again = send_spooled(waiting->front(), server, quick());
    ASSERT_TRUE(again) << i << ": " << again.error().describe();
    EXPECT_EQ(mlflow.content(), expected) << "request " << i;
    expect_models_logged_once(mlflow);
    EXPECT_TRUE(spooled_trainings(models.path())->empty());
  }
  EXPECT_GE(failed, 8U);
}

TEST_P(EachFault, OfEachRequestIsMadeGoodByRepeating) {
  const auto [expected, requests] = without_faults(GetParam());
  for (std::size_t i = 0; i < requests; ++i) {
    const test::TemporaryFolder models;
    test::FakeMlflow mlflow;
    TrackingServer server = at(mlflow, 2);
    prepare(GetParam(), mlflow, server);
    const auto folder = spool_training(small_record(), models.path());
    mlflow.fail_at(i, GetParam().fault);
    const auto sent = send_spooled(*folder, server, quick());
    ASSERT_TRUE(sent) << i << ": " << sent.error().describe();
    EXPECT_EQ(mlflow.content(), expected) << "request " << i;
    expect_models_logged_once(mlflow);
  }
}

TEST(SendTraining, ARunDeletedMeanwhileIsRestoredByResuming) {
  const test::TemporaryFolder models;
  test::FakeMlflow mlflow;
  const auto folder = spool_training(small_record(), models.path());
  mlflow.fail_at(8, Fault::kErrorBefore);
  ASSERT_FALSE(send_spooled(*folder, at(mlflow), quick()));
  ASSERT_FALSE(mlflow.runs.empty());
  for (auto& run : mlflow.runs) run.deleted = true;
  ASSERT_TRUE(send_spooled(*folder, at(mlflow), quick()));
  EXPECT_EQ(mlflow.content(), without_faults({Fault::kErrorBefore, 4, false}).first);
}

TEST(SendTraining, AServerWithoutAliasesGetsATag) {
  const test::TemporaryFolder models;
  test::FakeMlflow mlflow;
  mlflow.knows_aliases = false;
  for (int i = 0; i < 2; ++i) {
    TrainingRecord record = small_record();
    record.key[0] = static_cast<char>('a' + i);
    record.promotion = Promotion::kAlways;
    const auto sent = send_spooled(*spool_training(record, models.path()), at(mlflow), quick());
    ASSERT_TRUE(sent) << sent.error().describe();
    ASSERT_EQ(sent->warnings.size(), 1U);
    test::expect_words(sent->warnings[0].message, {"no aliases", "tag"});
  }
  EXPECT_EQ(mlflow.model_tags.at("convolutional_power_model").at("champion"), "2");
  const test::TemporaryFolder out;
  const auto pulled = pull_model(at(mlflow), "models:/convolutional_power_model@champion", out.path() / "m");
  ASSERT_TRUE(pulled) << pulled.error().describe();
  EXPECT_EQ(pulled->version, "2");
}

TEST(SendTraining, AutoPromotesWhatIsBetterOnTheSameNetworks) {
  const test::TemporaryFolder models;
  test::FakeMlflow mlflow;
  const auto champion_after = [&](double score, const std::string& basis, Promotion promotion) {
    TrainingRecord record = small_record();
    record.key = std::to_string(mlflow.versions.size());
    record.promotion = promotion;
    record.models.resize(1);
    record.models[0].registration->score = score;
    record.models[0].registration->score_basis = basis;
    EXPECT_TRUE(send_spooled(*spool_training(record, models.path()), at(mlflow), quick()));
    const auto& aliases = mlflow.aliases["convolutional_power_model"];
    return aliases.contains("champion") ? aliases.at("champion") : std::string();
  };
  EXPECT_EQ(champion_after(5.0, "lenet", Promotion::kNever), "");
  EXPECT_EQ(champion_after(5.0, "lenet", Promotion::kAuto), "2");
  EXPECT_EQ(champion_after(6.0, "lenet", Promotion::kAuto), "2");
  EXPECT_EQ(champion_after(5.0, "lenet", Promotion::kAuto), "2");
  EXPECT_EQ(champion_after(4.0, "vgg16", Promotion::kAuto), "2");
  EXPECT_EQ(champion_after(4.0, "lenet", Promotion::kAuto), "6");
  EXPECT_EQ(champion_after(9.0, "lenet", Promotion::kAlways), "7");
}

TEST(Spool, TwoProcessesDoNotSendFromOne) {
  const test::TemporaryFolder models;
  test::FakeMlflow mlflow;
  const auto folder = spool_training(small_record(), models.path());
  TrackingHooks hooks = quick();
  bool tried = false;
  hooks.progress = [&](std::size_t, std::size_t) {
    if (tried) return;
    tried = true;
    const auto second = send_spooled(*folder, at(mlflow), quick());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kUnfit);
    test::expect_words(second.error().describe(), {"another process"});
  };
  EXPECT_TRUE(send_spooled(*folder, at(mlflow), hooks));
  EXPECT_TRUE(tried);
}

TEST(Spool, ADamagedRecordIsNamed) {
  const test::TemporaryFolder models;
  const auto folder = spool_training(small_record(), models.path());
  for (const char* text : {"", "{", "{}", "{\"format_version\": 9}", "[]"}) {
    models.write(std::filesystem::relative(*folder, models.path()) / "record.json", text);
    const auto uri = server_of_spooled(*folder);
    ASSERT_FALSE(uri) << text;
    EXPECT_EQ(uri.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(uri.error().location.file, (*folder / "record.json").string());
  }
}

TEST(Spool, HoldsNoSecret) {
  const test::TemporaryFolder models;
  TrainingRecord record = small_record();
  record.uri = tracking_server("http://me:sesame@h", [](const char*) { return std::nullopt; })->uri;
  ASSERT_TRUE(spool_training(record, models.path()));
  for (const auto& file : test::files_below(models.path()))
    EXPECT_EQ(test::read_file(models.path() / file).find("sesame"), std::string::npos) << file;
}

TEST(PullModel, BringsAFolderWholeOrNotAtAll) {
  const test::TemporaryFolder scratch;
  test::FakeMlflow mlflow;
  ASSERT_TRUE(send_spooled(*spool_training(small_record(), scratch.path()), at(mlflow), quick()));
  for (const char* uri : {"models:/convolutional_power_model/1", "models:/convolutional_power_model/latest",
                          "models:/convolutional_power_model@champion"}) {
    const test::TemporaryFolder out;
    const auto pulled = pull_model(at(mlflow), uri, out.path() / "model", quick());
    ASSERT_TRUE(pulled) << pulled.error().describe();
    EXPECT_EQ(pulled->version, "1");
    const auto files = test::files_below(out.path());
    EXPECT_EQ(files.size(), 8U);
    EXPECT_EQ(files.front(), "model/MLmodel");
    EXPECT_TRUE(load_cost_model(out.path() / "model"));
  }
  const test::TemporaryFolder out;
  mlflow.fail_at(mlflow.requests() + 2, Fault::kErrorBefore);
  EXPECT_FALSE(pull_model(at(mlflow), "models:/convolutional_power_model/1", out.path() / "model", quick()));
  EXPECT_TRUE(std::filesystem::is_empty(out.path()));
}

TEST(PullModel, TheReferencesSixGoIntoItsTree) {
  const test::TemporaryFolder scratch;
  test::FakeMlflow mlflow;
  ASSERT_TRUE(send_spooled(*spool_training(small_record(), scratch.path()), at(mlflow), quick()));
  const test::TemporaryFolder out;
  const auto pulled = pull_reference_models(at(mlflow), out.path(), quick());
  EXPECT_EQ(pulled.models.size(), 2U);
  EXPECT_EQ(pulled.faults.size(), 4U);
  EXPECT_EQ(pulled.faults[0].first, "pooling_power_model");
  EXPECT_EQ(test::files_below(out.path()).size(), 16U);
  const auto tree = load_cost_model(out.path());
  ASSERT_TRUE(tree) << tree.error().describe();
  EXPECT_EQ(tree->lasso.size(), 2U);
  EXPECT_EQ(tree->device, test::small_cost_model().device);
  EXPECT_EQ(tree->warnings.size(), 4U);
}

TEST(PullModel, SaysWhatThereIsNot) {
  test::FakeMlflow mlflow;
  const auto fault = [&](const char* uri) {
    const test::TemporaryFolder out;
    const auto pulled = pull_model(at(mlflow), uri, out.path() / "model", quick());
    EXPECT_FALSE(pulled) << uri;
    return pulled ? Error{} : pulled.error();
  };
  for (const char* uri : {"models:/", "models:/name", "name/1", "models:/a/1/2", "models:/a@"})
    EXPECT_EQ(fault(uri).kind, ErrorKind::kUsage) << uri;
  const auto expect_absent = [&](const char* uri, const char* message, const char* hint) {
    const Error absent = fault(uri);
    EXPECT_EQ(absent.kind, ErrorKind::kServer) << uri;
    EXPECT_EQ(absent.message, mlflow.url() + message);
    EXPECT_EQ(absent.hint, hint);
  };
  for (const char* uri : {"models:/nothing/1", "models:/nothing/latest", "models:/nothing@champion"})
    expect_absent(uri, " has no model 'nothing'",
                  "Nothing is registered there: train --track or models push does that");
  mlflow.models = {"a", "b", "empty"};
  for (const char* number : {"1", "2"}) mlflow.versions.push_back({"b", number, "run", "x", "", {}});
  mlflow.aliases["b"] = {{"best", "1"}, {"champion", "2"}};
  expect_absent("models:/nothing/1", " has no model 'nothing'", "It has: a, b, empty");
  expect_absent("models:/b/3", " has no version 3 of the model 'b'",
                "It has: versions up to 2, @best, @champion");
  expect_absent("models:/b@nix", " has no alias 'nix' of the model 'b'",
                "It has: versions up to 2, @best, @champion");
  expect_absent("models:/empty/latest", " has no version of the model 'empty'",
                "All its versions were deleted; train --track or models push makes one");
  for (int i = 0; i < 9; ++i) mlflow.models.push_back("m" + std::to_string(i));
  expect_absent("models:/nothing/1", " has no model 'nothing'",
                "It has: a, b, empty, m0, m1, m2, m3, m4, ...");
}

TEST(PullModel, OnAServerWithoutAliasesVersionsAreNamed) {
  const test::TemporaryFolder out;
  test::FakeMlflow mlflow;
  mlflow.knows_aliases = false;
  mlflow.versions.push_back({"b", "2", "run", "x", "", {}});
  const auto pulled = pull_model(at(mlflow), "models:/b@best", out.path() / "model", quick());
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().message, mlflow.url() + " knows no aliases: there is no 'best' of the model 'b'");
  EXPECT_EQ(pulled.error().hint, "It has: versions up to 2; name one: models:/b/2");
}

TEST(PullModel, TakesANameWithAnApostrophe) {
  const test::TemporaryFolder out;
  test::FakeMlflow mlflow;
  mlflow.versions.push_back({"Bob's board", "3", "run", "mlflow-artifacts:/m", "", {}});
  mlflow.files["m/model.json"] = "{}";
  const auto pulled = pull_model(at(mlflow), "models:/Bob's board/latest", out.path() / "model", quick());
  ASSERT_TRUE(pulled) << pulled.error().describe();
  EXPECT_EQ(pulled->version, "3");
}

}  // namespace
}  // namespace joulecast
