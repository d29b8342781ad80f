// A repository at DagsHub inside the test: what may be taken for another version, and where things are
// remembered.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "unit/datasets/dataset_fixture.h"

namespace joulecast::datasets {
namespace {

/// One branch with files below "d", none of which has a hash, a size or a validator.
class Dagshub : public Datasets {
 protected:
  DataRequest dagshub_request(const std::string& remote = "dagshub://o/n/d") const {
    DataRequest made = request(remote);
    made.environment = [this](const char* name) {
      return std::string_view(name) == "DAGSHUB_CLIENT_HOST" ? std::optional(server_.url()) : std::nullopt;
    };
    return made;
  }

  std::string commit_ = std::string(40, 'a');
  std::map<std::string, std::string> files_;
  std::string upload_;  ///< the last one's body
  std::function<void(const StubRequest&, StubAnswer&)> twist_;

 private:
  StubAnswer answer(const StubRequest& asked) {
    const std::string repository = "/api/v1/repos/o/n";
    const std::string raw = repository + "/raw/" + commit_ + "/d/";
    const std::string path = asked.path();
    StubAnswer answer{404, "{}", {}};
    if (asked.method == "PUT") {
      upload_ = asked.body;
      answer = {200, "{}", {{"ETag", commit_}}};
    } else if (path == repository) {
      answer = {200, R"({"default_branch": "main"})", {}};
    } else if (path == repository + "/branches/main") {
      answer = {200, nlohmann::json{{"commit", {{"id", commit_}}}}.dump(), {}};
    } else if (path == repository + "/content/" + commit_ + "/d") {
      nlohmann::json list = nlohmann::json::array();
      for (const auto& [name, content] : files_)
        list.push_back({{"path", "d/" + name}, {"type", "file"}, {"versioning", "git"}, {"hash", ""}});
      answer = {200, list.dump(), {}};
    } else if (path.starts_with(raw) && files_.contains(path.substr(raw.size()))) {
      const std::string& content = files_[path.substr(raw.size())];
      answer = {200, content, {}};
      if (const std::string range = asked.header("range"); !range.empty()) {
        const std::size_t from = std::stoul(range.substr(6));
        answer = {206, content.substr(from), {}};
        answer.headers.emplace_back("Content-Range", "bytes " + std::to_string(from) + "-" +
                                                         std::to_string(content.size() - 1) + "/" +
                                                         std::to_string(content.size()));
      }
    }
    if (twist_) twist_(asked, answer);
    return answer;
  }

 protected:
  StubServer server_{[this](const StubRequest& asked) { return answer(asked); }};
};

TEST_F(Dagshub, APartOfAnotherCommitIsNotGoneOnWith) {
  files_["big"] = std::string(1U << 20U, 'x');
  int asked = 0;
  const auto broken_off = [&](const StubRequest& request, StubAnswer& answer) {
    if (request.path().find("/raw/") == std::string::npos) return;
    if (++asked == 1)
      answer.cut_off = true;
    else
      answer = {404, "{}", {}};
  };
  twist_ = broken_off;
  const auto broken = pull_data(dagshub_request());
  ASSERT_TRUE(broken && broken->faults.size() == 1U);
  twist_ = nullptr;
  // The same commit is gone on with; half of it is here.
  const auto again = pull_data(dagshub_request());
  ASSERT_TRUE(again && again->faults.empty());
  EXPECT_EQ(server_.requests().back().header("range"), "bytes=524288-");
  EXPECT_TRUE(read("big") == files_["big"]);
  fs::remove_all(data());

  asked = 0;
  twist_ = broken_off;
  ASSERT_TRUE(pull_data(dagshub_request()));
  twist_ = nullptr;
  commit_ = std::string(40, 'b');
  files_["big"] = std::string(1U << 20U, 'y');
  const auto other = pull_data(dagshub_request());
  ASSERT_TRUE(other && other->faults.empty());
  EXPECT_TRUE(read("big") == files_["big"]);
}

TEST_F(Dagshub, WhatIsRememberedInsideADvcRepositoryIsInItsFolderForThat) {
  scratch_.write(".dvc/config", "");
  files_["a"] = "1";
  ASSERT_TRUE(pull_data(dagshub_request()));
  EXPECT_EQ(read("a"), "1");
  EXPECT_FALSE(fs::exists(scratch_.path() / ".data.joulecast"));
  EXPECT_TRUE(fs::exists(scratch_.path() / ".dvc/tmp/joulecast/data"));
  EXPECT_FALSE(fs::exists(scratch_.path() / ".dvc/cache"));
}

TEST_F(Dagshub, EachRemoteHasAPastOfItsOwn) {
  files_["a"] = "1";
  ASSERT_TRUE(pull_data(dagshub_request()));
  ASSERT_TRUE(push_data(request(store_)));
  write("a", "22");
  // Both know what they had in common last, whoever was asked in between.
  EXPECT_EQ(state(*data_status(request(store_)), "a"), DataState::kChangedHere);
  EXPECT_EQ(state(*data_status(dagshub_request()), "a"), DataState::kChangedHere);
}

TEST_F(Dagshub, ALongMessageIsCutBetweenCharacters) {
  write("a", "1");
  std::string message;
  for (int i = 0; i < 120; ++i) message += "\u00e9";
  DataRequest asked = dagshub_request();
  asked.message = "x" + message;
  twist_ = [&](const StubRequest& request, StubAnswer&) {
    if (request.method == "PUT") files_["a"] = "1";
  };
  ASSERT_TRUE(push_data(asked));
  const std::string before = "name=\"commit_summary\"\r\n\r\n";
  const std::size_t begin = upload_.find(before) + before.size();
  const std::string sent = upload_.substr(begin, upload_.find("\r\n", begin) - begin);
  EXPECT_TRUE(is_utf8(sent));
  EXPECT_EQ(sent, "x" + message.substr(0, 2 * 99));
}

}  // namespace
}  // namespace joulecast::datasets
