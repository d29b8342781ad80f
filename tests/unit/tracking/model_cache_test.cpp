// A registered model is pulled once, used only as it came, and usable without its server afterwards.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "joulecast/tracking.h"
#include "support/expect_words.h"
#include "support/fake_mlflow.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;
using Fault = test::FakeMlflow::Fault;

class ModelCache : public ::testing::Test {
 protected:
  ModelCache() : mlflow_(std::in_place) {
    server_.uri = mlflow_->url();
    server_.retries = 0;
    hooks_.sleep = [](double) {};
    register_version("1", "first");
  }
  void register_version(const std::string& version, const std::string& content) {
    mlflow_->versions.push_back({"net", version, "run", "mlflow-artifacts:/models/" + version, "", {}});
    mlflow_->files["models/" + version + "/model.json"] = content;
    mlflow_->files["models/" + version + "/more/notes.txt"] = "of version " + version;
  }
  [[nodiscard]] Expected<CachedModel> get(const std::string& uri) const {
    return cached_model(server_, uri, cache_.path(), hooks_);
  }
  /// The content of the model's file; the test fails if there is none.
  [[nodiscard]] std::string content(const std::string& uri) const {
    const auto cached = get(uri);
    EXPECT_TRUE(cached) << cached.error().describe();
    return cached ? test::read_file(cached->folder / "model.json") : std::string();
  }
  [[nodiscard]] std::size_t asked() const { return mlflow_->requests(); }
  void take_server_down() { mlflow_.reset(); }

  std::optional<test::FakeMlflow> mlflow_;
  TrackingServer server_;
  TrackingHooks hooks_;
  test::TemporaryFolder cache_;
};

TEST_F(ModelCache, AVersionIsPulledOnceAndNeedsNoServerAfterwards) {
  EXPECT_EQ(content("models:/net/1"), "first");
  const std::size_t before = asked();
  const auto again = get("models:/net/1");
  ASSERT_TRUE(again);
  EXPECT_EQ(asked(), before);
  EXPECT_EQ(again->version, "1");
  EXPECT_TRUE(again->warnings.empty());
  EXPECT_EQ(test::read_file(again->folder / "more" / "notes.txt"), "of version 1");
  take_server_down();
  EXPECT_EQ(content("models:/net/1"), "first");
  EXPECT_EQ(get("models:/net/2").error().kind, ErrorKind::kServer);
}

TEST_F(ModelCache, AnAliasAndLatestFollowTheServer) {
  mlflow_->aliases["net"]["champion"] = "1";
  EXPECT_EQ(content("models:/net@champion"), "first");
  EXPECT_EQ(content("models:/net/latest"), "first");
  register_version("2", "second");
  EXPECT_EQ(content("models:/net@champion"), "first");
  EXPECT_EQ(content("models:/net/latest"), "second");
  mlflow_->aliases["net"]["champion"] = "2";
  const std::size_t before = asked();
  EXPECT_EQ(content("models:/net@champion"), "second");
  EXPECT_LE(asked() - before, 2U);  // it was there already: nothing is downloaded
}

TEST_F(ModelCache, WithoutTheServerTheLastKnownVersionIsTakenWithAWarning) {
  mlflow_->aliases["net"]["champion"] = "1";
  EXPECT_EQ(content("models:/net@champion"), "first");
  register_version("2", "second");
  EXPECT_EQ(content("models:/net/latest"), "second");
  take_server_down();
  for (const auto& [uri, version] :
       {std::pair("models:/net@champion", "1"), std::pair("models:/net/latest", "2")}) {
    const auto cached = get(uri);
    ASSERT_TRUE(cached) << cached.error().describe();
    EXPECT_EQ(cached->version, version);
    ASSERT_EQ(cached->warnings.size(), 1U);
    test::expect_words(cached->warnings[0].message,
                       {server_.uri, "does not answer", uri, std::string("version ") + version});
  }
  EXPECT_EQ(get("models:/net@other").error().kind, ErrorKind::kServer);
}

TEST_F(ModelCache, AServerOutOfOrderIsOneThatDoesNotAnswerButARefusalIsAnAnswer) {
  mlflow_->aliases["net"]["champion"] = "1";
  EXPECT_EQ(content("models:/net@champion"), "first");
  mlflow_->fail_at(asked(), Fault::kErrorBefore);
  const auto cached = get("models:/net@champion");
  ASSERT_TRUE(cached);
  EXPECT_EQ(cached->warnings.size(), 1U);
  mlflow_->aliases["net"].clear();  // the alias was taken away: what was known is no longer true
  EXPECT_EQ(get("models:/net@champion").error().kind, ErrorKind::kServer);
}

TEST_F(ModelCache, ADamagedCopyIsPulledAnew) {
  const fs::path folder = get("models:/net/1")->folder;
  const auto damage = [&](const char* what) {
    if (what == std::string("changed"))
      cache_.write(fs::relative(folder / "model.json", cache_.path()), "fIrst");
    if (what == std::string("missing")) fs::remove(folder / "model.json");
    if (what == std::string("does not belong"))
      cache_.write(fs::relative(folder / "MLmodel", cache_.path()), "x");
    if (what == std::string("manifest")) fs::resize_file(folder.parent_path() / "manifest.json", 10);
  };
  for (const char* what : {"changed", "missing", "does not belong", "manifest"}) {
    damage(what);
    const auto cached = get("models:/net/1");
    ASSERT_TRUE(cached) << cached.error().describe();
    ASSERT_EQ(cached->warnings.size(), 1U) << what;
    test::expect_words(cached->warnings[0].message, {"damaged", what});
    EXPECT_EQ(test::read_file(folder / "model.json"), "first");
    EXPECT_EQ(test::files_below(folder).size(), 2U);
    EXPECT_TRUE(get("models:/net/1")->warnings.empty());
  }
  damage("changed");
  take_server_down();
  const auto fault = get("models:/net/1");
  ASSERT_FALSE(fault);
  EXPECT_EQ(fault.error().kind, ErrorKind::kServer);
  test::expect_words(fault.error().message, {"does not answer", "is damaged: model.json was changed"});
}

TEST_F(ModelCache, ABrokenPullLeavesNoVersion) {
  const std::size_t before = asked();
  ASSERT_TRUE(get("models:/net/1"));
  const std::size_t requests = asked() - before;
  for (std::size_t i = 0; i < requests; ++i) {
    test::TemporaryFolder cache;
    mlflow_->fail_at(asked() + i, Fault::kErrorBefore);
    EXPECT_FALSE(cached_model(server_, "models:/net/1", cache.path(), hooks_));
    for (const auto& file : test::files_below(cache.path()))
      EXPECT_NE(file.find(".lock"), std::string::npos) << file;
    EXPECT_TRUE(cached_model(server_, "models:/net/1", cache.path(), hooks_));
  }
}

TEST_F(ModelCache, ServersAndNamesDoNotMix) {
  ASSERT_EQ(content("models:/net/1"), "first");
  test::FakeMlflow other;
  other.versions.push_back({"net", "1", "run", "mlflow-artifacts:/m", "", {}});
  other.files["m/model.json"] = "another";
  TrackingServer elsewhere = server_;
  elsewhere.uri = other.url();
  const auto cached = cached_model(elsewhere, "models:/net/1", cache_.path(), hooks_);
  ASSERT_TRUE(cached);
  EXPECT_EQ(test::read_file(cached->folder / "model.json"), "another");
  // No name leads out of the cache.
  for (const std::string& name : {std::string(".."), std::string("a\\b"), std::string(300, 'n')}) {
    mlflow_->versions.push_back({name, "..", "run", "mlflow-artifacts:/models/1", "", {}});
    const auto odd = get("models:/" + name + "/..");
    ASSERT_TRUE(odd) << odd.error().describe();
    const std::string below = fs::relative(odd->folder, cache_.path()).string();
    EXPECT_FALSE(below.starts_with("..")) << below;
    EXPECT_EQ(test::read_file(odd->folder / "model.json"), "first");
  }
}

TEST_F(ModelCache, OneThatCannotBeWrittenIsTold) {
  cache_.write("file", "");
  const auto cached = cached_model(server_, "models:/net/1", cache_.path() / "file", hooks_);
  ASSERT_FALSE(cached);
  EXPECT_EQ(cached.error().kind, ErrorKind::kNotWritable);
  test::expect_words(cached.error().hint, {"XDG_CACHE_HOME"});
  EXPECT_EQ(get("net/1").error().kind, ErrorKind::kUsage);
}

TEST(ModelCacheFolder, IsWhereTheStandardPutsIt) {
  const auto folder = [](const char* xdg, const char* home) {
    return model_cache_folder([=](const char* name) -> std::optional<std::string> {
      const char* value = name == std::string("HOME") ? home : xdg;
      return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    });
  };
  EXPECT_EQ(folder("/x", "/me")->string(), "/x/joulecast/models");
  EXPECT_EQ(folder("relative", "/me")->string(), "/me/.cache/joulecast/models");
  EXPECT_EQ(folder(nullptr, "/me")->string(), "/me/.cache/joulecast/models");
  EXPECT_EQ(folder(nullptr, nullptr).error().kind, ErrorKind::kUsage);
}

}  // namespace
}  // namespace joulecast
