// The table of faults in docs/tracking.md, row by row: what the user sees, with which exit code, and that
// nothing is lost.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "support/expect_words.h"
#include "support/fake_mlflow.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"
#include "support/tiny_board.h"

namespace joulecast::test {
namespace {

namespace fs = std::filesystem;

/// A training whose record waits, as no server was there.
class TrackFaults : public ::testing::Test {
 protected:
  TrackFaults() {
    write_training_data(scratch_);
    const auto trained = run({"train", "training_data", "--out", "models", "--estimator", "lasso",
                              "--test-networks", "net00", "--track", dead_address()});
    EXPECT_EQ(trained.exit_code, 0) << trained.errors;
    EXPECT_TRUE(waits());
  }
  [[nodiscard]] ProgramResult run(const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment = {}) const {
    RunOptions options;
    options.folder = scratch_.path();
    options.environment = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES=0", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR=0.01",
                           "HOME=" + scratch_.path().string()};
    options.environment.insert(options.environment.end(), environment.begin(), environment.end());
    return run_program(arguments, options);
  }
  [[nodiscard]] bool waits() const { return fs::exists(scratch_.path() / "models" / ".tracking-spool"); }
  /// Where nobody listens any more.
  static std::string dead_address() {
    return StubServer([](const StubRequest&) { return StubAnswer{}; }).url();
  }
  void expect_fault(const std::string& url, int exit_code, std::vector<std::string> words,
                    const std::vector<std::string>& environment = {}) const {
    const auto result = run({"track", "resume", "models", "--track", url}, environment);
    EXPECT_EQ(result.exit_code, exit_code) << result.errors;
    words.emplace_back("hint:");
    expect_words(result.errors, words);
    EXPECT_TRUE(waits());
  }
  /// Every request is answered so.
  void expect_answer(const StubAnswer& answer, int exit_code, const std::vector<std::string>& words,
                     const std::vector<std::string>& environment = {}) const {
    const StubServer server([&](const StubRequest&) { return answer; });
    expect_fault(server.url(), exit_code, words, environment);
  }

  TemporaryFolder scratch_;
};

const std::vector<std::pair<std::string, std::string>> kPage = {{"Content-Type", "text/html"}};

TEST_F(TrackFaults, AServerThatIsDownOrUnknown) {
  expect_fault(dead_address(), 5, {"does not answer"});
  expect_fault("http://no-such-host.invalid", 5, {"the name of the host is not known"});
}

TEST_F(TrackFaults, AServerThatIsSlow) {
  StubAnswer slow;
  slow.delay_ms = 3000;
  expect_answer(slow, 5, {"took too long", "MLFLOW_HTTP_REQUEST_TIMEOUT"}, {"MLFLOW_HTTP_REQUEST_TIMEOUT=1"});
}

TEST_F(TrackFaults, PassingAnswersAreRepeated) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    const StubServer server(
        [&](const StubRequest&) { return StubAnswer{status, "busy", {{"Retry-After", "0"}}}; });
    expect_fault(server.url(), 5, {"status " + std::to_string(status) + ": busy"},
                 {"MLFLOW_HTTP_REQUEST_MAX_RETRIES=2"});
    EXPECT_EQ(server.requests().size(), 3U) << status;
  }
}

TEST_F(TrackFaults, AConnectionThatBreaksAndOneThatBreaksAnUpload) {
  StubAnswer nothing;
  nothing.silent = true;
  expect_answer(nothing, 5, {"the connection broke"});
  FakeMlflow mlflow;
  mlflow.break_uploads_after(1000);
  const auto repeated =
      run({"track", "resume", "models", "--track", mlflow.url()}, {"MLFLOW_HTTP_REQUEST_MAX_RETRIES=1"});
  EXPECT_EQ(repeated.exit_code, 0) << repeated.errors;
  EXPECT_EQ(mlflow.files.at("1/run0/artifacts/model/model.json"),
            read_file(scratch_.path() / "models" / "model.json"));
}

TEST_F(TrackFaults, AServerThatWantsToKnowWho) {
  const StubAnswer locked{401, "You are not authenticated.", kPage};
  expect_answer(locked, 6,
                {"wants a user and a password", "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"});
  expect_answer(locked, 6, {"wants a password", "Set MLFLOW_TRACKING_PASSWORD"},
                {"MLFLOW_TRACKING_USERNAME=me"});
  expect_answer(locked, 6, {"refuses the token", "MLFLOW_TRACKING_TOKEN"}, {"MLFLOW_TRACKING_TOKEN=abc"});
  expect_answer({403, "Permission denied", kPage}, 6, {"not permitted"});
  expect_answer({403, "Invalid Host header - possible DNS rebinding attack detected", kPage}, 6,
                {"refuses the name that it is called by", "--allowed-hosts"});
}

TEST_F(TrackFaults, WhatIsNoMlflowServer) {
  expect_answer({404, "<html>Not found</html>", kPage}, 5, {"has no MLflow interface (status 404)"});
  expect_answer({200, "<html>Log in</html>", kPage}, 5, {"with a page instead of JSON"});
}

TEST_F(TrackFaults, AServerWithoutTlsOrWithACertificateThatIsNotTrusted) {
  const StubServer plain([](const StubRequest&) { return StubAnswer{}; });
  expect_fault("https" + plain.url().substr(4), 5, {"no TLS connection", "http://"});
  const std::string address = dead_address();
  const std::string port = address.substr(address.rfind(':') + 1);
  const std::string here = "cd '" + scratch_.path().string() + "' && ";
  ASSERT_EQ(
      std::system((here + "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out own.pem -days 2 "
                          "-subj /CN=localhost -addext subjectAltName=DNS:localhost 2> openssl.log")
                      .c_str()),
      0);
  ASSERT_EQ(std::system((here + "(openssl s_server -accept " + port +
                         " -www -key key.pem -cert own.pem > server.log 2>&1 & echo $! > pid; "
                         "for i in $(seq 100); do grep -q ACCEPT server.log && break; sleep 0.1; done)")
                            .c_str()),
            0);
  const std::string url = "https://localhost:" + port;
  expect_fault(url, 5, {"its TLS certificate is not trusted", "MLFLOW_TRACKING_SERVER_CERT_PATH"});
  // Trusted it is no MLflow server, but it is asked.
  expect_fault(url, 5, {"with a page instead of JSON"}, {"MLFLOW_TRACKING_SERVER_CERT_PATH=own.pem"});
  ::kill(std::stoi(read_file(scratch_.path() / "pid")), SIGTERM);
}

TEST_F(TrackFaults, ARunThatCannotShowItsModelIsAWarning) {
  FakeMlflow mlflow;
  mlflow.refused_call = "runs/log-model";
  const auto result = run({"track", "resume", "models", "--track", mlflow.url()});
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  expect_words(result.errors, {"warning:", "does not show its model on its page: ", "7 runs"});
  EXPECT_FALSE(waits());
}

TEST_F(TrackFaults, FilesInAStorageThatCannotBeReached) {
  FakeMlflow mlflow;
  mlflow.artifact_root = "dbfs:/mlflow/";
  expect_fault(mlflow.url(), 4,
               {"keeps files at dbfs:, where joulecast cannot reach them", "--serve-artifacts"});
}

TEST_F(TrackFaults, ABucketThatRefusesTheKeys) {
  FakeMlflow mlflow;
  mlflow.artifact_root = "s3://bucket/mlflow/";
  const StubServer bucket([](const StubRequest&) {
    return StubAnswer{
        403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", {{"Content-Type", "application/xml"}}};
  });
  expect_fault(
      mlflow.url(), 6, {"not permitted: SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"},
      {"AWS_ENDPOINT_URL=" + bucket.url(), "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=secret-word"});
}

TEST_F(TrackFaults, ASpoolThatCannotBeWritten) {
  fs::remove_all(scratch_.path() / "models" / ".tracking-spool");
  scratch_.write("models/.tracking-spool", "a file");
  const auto train = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"train", "training_data",   "--out", "models",  "--estimator",
                                      "lasso", "--test-networks", "net00", "--track", dead_address()};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  const auto lenient = train({});
  EXPECT_EQ(lenient.exit_code, 0) << lenient.errors;
  expect_words(lenient.errors, {"warning: tracking given up", ".tracking-spool"});
  EXPECT_EQ(train({"--strict"}).exit_code, 7);
  EXPECT_TRUE(fs::exists(scratch_.path() / "models" / "model.json"));
}

TEST_F(TrackFaults, ARunDeletedMeanwhileIsRestored) {
  FakeMlflow mlflow;
  mlflow.refused_call = "runs/update";
  expect_fault(mlflow.url(), 5, {"status 500"});
  mlflow.refused_call.clear();
  ASSERT_EQ(mlflow.runs.size(), 7U);
  for (auto& one : mlflow.runs) one.deleted = true;
  EXPECT_EQ(run({"track", "resume", "models", "--track", mlflow.url()}).exit_code, 0);
  EXPECT_EQ(mlflow.runs.size(), 7U);
  for (const auto& one : mlflow.runs) EXPECT_FALSE(one.deleted);
}

}  // namespace
}  // namespace joulecast::test
