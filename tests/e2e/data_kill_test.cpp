// `joulecast data` killed with SIGKILL at random moments: nothing wrong is to be seen at any time, and the
// next run completes.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <random>
#include <regex>

#include "datasets/md5.h"
#include "support/dagshub_standin.h"
#include "support/run_program.h"
#include "support/stub_server.h"
#include "support/temporary_folder.h"

namespace joulecast::test {
namespace {

namespace fs = std::filesystem;
using Contents = std::map<std::string, std::string>;
using std::chrono::milliseconds;

constexpr int kUsualKills = 3;
constexpr int kFiles = 24;

/// Moments at which each of push and pull is killed: JOULECAST_KILLS, or a few.
int kills() {
  const char* text = std::getenv("JOULECAST_KILLS");
  return text == nullptr ? kUsualKills : std::atoi(text);
}

/// Where contents go, and what a reader finds there.
class KilledRemote {
 public:
  explicit KilledRemote(fs::path top) : top_(std::move(top)) {}
  virtual ~KilledRemote() = default;
  [[nodiscard]] virtual std::string address() const = 0;
  /// By key; a DVC remote's alone.
  [[nodiscard]] virtual Contents objects() { return {}; }
  [[nodiscard]] virtual std::vector<std::string> environment() const { return {}; }

 protected:
  fs::path top_;
};

class FolderRemote : public KilledRemote {
 public:
  using KilledRemote::KilledRemote;
  [[nodiscard]] std::string address() const override { return (top_ / "store").string(); }
  [[nodiscard]] Contents objects() override {
    Contents found;
    const std::regex object("files/md5/[0-9a-f]{2}/[0-9a-f]{30}(\\.dir)?");
    if (!fs::exists(top_ / "store")) return found;
    for (const std::string& name : files_below(top_ / "store"))
      if (std::regex_match(name, object)) found[name] = read_file(top_ / "store" / name);
    return found;
  }
};

/// A server that goes on with broken downloads, and stores what has come whole.
class HttpRemote : public KilledRemote {
 public:
  explicit HttpRemote(fs::path top)
      : KilledRemote(std::move(top)),
        server_([this](const StubRequest& request) { return answer(request); }) {}
  [[nodiscard]] std::string address() const override { return server_.url(); }
  [[nodiscard]] Contents objects() override {
    const std::scoped_lock lock(mutex_);
    return stored_;
  }

 private:
  StubAnswer answer(const StubRequest& request) {
    const std::scoped_lock lock(mutex_);
    const std::string key = request.path().substr(1);
    if (request.method == "POST") {
      stored_[key] = request.body;
      return {};
    }
    const auto found = stored_.find(key);
    if (found == stored_.end()) return {404, "", {}};
    StubAnswer whole{200, found->second, {{"ETag", '"' + datasets::md5_of(found->second) + '"'}}};
    const std::string range = request.header("range");
    if (range.empty()) return whole;
    const std::size_t from = std::stoul(range.substr(range.find('=') + 1));
    if (from >= found->second.size()) return {416, "", {}};
    if (!request.header("if-range").empty() && request.header("if-range") != whole.headers[0].second)
      return whole;
    const std::string last = std::to_string(found->second.size() - 1);
    whole.headers.emplace_back("Content-Range", "bytes " + std::to_string(from) + "-" + last + "/" +
                                                    std::to_string(found->second.size()));
    return {206, found->second.substr(from), whole.headers};
  }

  std::mutex mutex_;
  Contents stored_;
  StubServer server_;
};

class DagshubRemote : public KilledRemote {
 public:
  explicit DagshubRemote(fs::path top) : KilledRemote(std::move(top)), standin_(top_ / "standin") {}
  [[nodiscard]] std::string address() const override { return "dagshub://tester/demo/training_data"; }
  [[nodiscard]] std::vector<std::string> environment() const override {
    return {"DAGSHUB_CLIENT_HOST=" + standin_.url(), "DAGSHUB_USER_TOKEN=standin-token"};
  }

 private:
  DagshubStandin standin_;
};

struct KilledCase {
  const char* name;
  bool with_cache;  ///< inside a DVC repository
};

class EachKilledRemote : public ::testing::TestWithParam<KilledCase> {
 protected:
  void SetUp() override {
    const std::string name = GetParam().name;
    if (name == "Dagshub" && !DagshubStandin::is_there())
      GTEST_SKIP() << "the stand-in of DagsHub is not beside the checkout";
    for (const char* side : {"here", "there"})
      if (GetParam().with_cache)
        scratch_.write(std::string(side) + "/.dvc/config", "[core]\n    no_scm = true\n");
    fs::create_directories(top() / "here");
    if (name == "Dagshub")
      remote_ = std::make_unique<DagshubRemote>(top());
    else if (name == "Http")
      remote_ = std::make_unique<HttpRemote>(top());
    else
      remote_ = std::make_unique<FolderRemote>(top());
    const char* seed = std::getenv("JOULECAST_SEED");
    seed_ = seed == nullptr ? std::random_device{}() : static_cast<unsigned>(std::atol(seed));
    random_.seed(seed_);
  }
  [[nodiscard]] fs::path top() const { return scratch_.path(); }
  ProgramResult data(const char* action, const char* side,
                     std::optional<milliseconds> kill_after = {}) const {
    RunOptions options;
    options.folder = top() / side;
    options.environment = remote_->environment();
    options.environment.push_back("HOME=" + top().string());
    options.kill_after = kill_after;
    return run_program({"data", action, "--path", "d", "--remote", remote_->address(), "--jobs", "2"},
                       options);
  }
  /// Contents that were never there before, of all sizes from nothing to several writes of a download.
  Contents new_contents() {
    Contents all;
    std::uniform_int_distribution<int> byte(0, 255);
    for (int i = 0; i < kFiles; ++i) {
      std::string content(i == 0 ? 0 : i < 4 ? 1'500'000 : 7'000 * static_cast<std::size_t>(i), '\0');
      for (std::size_t at = 0; at < content.size(); at += 97) content[at] = static_cast<char>(byte(random_));
      all["f" + std::to_string(i % 3) + "/" + std::to_string(i) + ".bin"] = std::move(content);
    }
    return all;
  }
  void write_here(const Contents& contents) const {
    for (const auto& [name, content] : contents) {
      fs::remove(top() / "here/d" / name);
      scratch_.write(fs::path("here/d") / name, content);
    }
  }
  /// A moment while a run of this length is on, or just after.
  milliseconds moment(milliseconds length) {
    return milliseconds(std::uniform_int_distribution<long>(1, length.count() + 1)(random_));
  }
  milliseconds length_of(const char* action, const char* side) const {
    const auto began = std::chrono::steady_clock::now();
    const auto done = data(action, side);
    EXPECT_EQ(done.exit_code, 0) << done.errors;
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
  }
  /// What a DVC remote has under a content's name is that content, and a folder that is named has its
  /// members.
  void expect_sound_remote(std::size_t at_least) const {
    const Contents objects = remote_->objects();
    EXPECT_GE(objects.size(), at_least);
    const std::regex member(R"re("md5": "([0-9a-f]{2})([0-9a-f]{30})")re");
    for (const auto& [key, content] : objects) {
      const std::string md5 = datasets::md5_of(content);
      EXPECT_EQ(key.substr(0, 43), "files/md5/" + md5.substr(0, 2) + "/" + md5.substr(2)) << key;
      if (!key.ends_with(".dir")) continue;
      EXPECT_EQ(std::distance(std::sregex_iterator(content.begin(), content.end(), member), {}), kFiles);
      for (std::sregex_iterator at(content.begin(), content.end(), member), end; at != end; ++at)
        EXPECT_TRUE(objects.contains("files/md5/" + at->str(1) + "/" + at->str(2)))
            << key << " lacks a member";
    }
  }
  /// Every file is one of these contents, old or new; with `all` each is the new one.
  void expect_there(const Contents& before, const Contents& now, bool all) const {
    const auto files =
        fs::exists(top() / "there/d") ? files_below(top() / "there/d") : std::vector<std::string>();
    for (const std::string& file : files) {
      const std::string content = read_file(top() / "there/d" / file);
      const auto old = before.find(file);
      EXPECT_TRUE(now.at(file) == content || (!all && old != before.end() && old->second == content)) << file;
    }
    if (all) {
      EXPECT_EQ(files.size(), now.size());
    }
  }
  void take_dvc_file() const {
    if (fs::exists(top() / "here/d.dvc"))
      fs::copy_file(top() / "here/d.dvc", top() / "there/d.dvc", fs::copy_options::overwrite_existing);
  }
  void restart_there() const {
    for (const char* name : {"d", ".d.joulecast", ".dvc/cache", ".dvc/tmp"})
      fs::remove_all(top() / "there" / name);
  }

  TemporaryFolder scratch_;
  std::unique_ptr<KilledRemote> remote_;
  unsigned seed_ = 0;
  std::mt19937 random_;
};

INSTANTIATE_TEST_SUITE_P(Data, EachKilledRemote,
                         ::testing::Values(KilledCase{"Folder", false}, KilledCase{"FolderAndCache", true},
                                           KilledCase{"Http", false}, KilledCase{"HttpAndCache", true},
                                           KilledCase{"Dagshub", false}),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_P(EachKilledRemote, IsCompletedByTheNextRunAndNeverWrong) {
  SCOPED_TRACE("JOULECAST_SEED=" + std::to_string(seed_));
  fs::create_directories(top() / "there");
  Contents before = new_contents();
  write_here(before);
  const milliseconds push_length = length_of("push", "here");
  take_dvc_file();
  const milliseconds pull_length = length_of("pull", "there");
  expect_there({}, before, true);
  const bool is_dvc = std::string(GetParam().name) != "Dagshub";
  int caught = 0;
  for (int round = 0; round < kills() && !HasFailure(); ++round) {
    const Contents now = new_contents();
    write_here(now);
    caught += data("push", "here", moment(push_length)).exit_code == 128 + SIGKILL ? 1 : 0;
    expect_sound_remote(0);
    ASSERT_EQ(data("push", "here").exit_code, 0);
    expect_sound_remote(is_dvc ? kFiles * static_cast<std::size_t>(round + 2) : 0);
    take_dvc_file();
    if (round % 2 == 1) restart_there();  // else files of the round before are replaced
    caught += data("pull", "there", moment(pull_length)).exit_code == 128 + SIGKILL ? 1 : 0;
    expect_there(before, now, false);
    const auto pulled = data("pull", "there");
    ASSERT_EQ(pulled.exit_code, 0) << pulled.errors;
    expect_there({}, now, true);
    ASSERT_EQ(data("verify", "there").exit_code, 0);
    before = now;
  }
  EXPECT_GT(caught, 0) << "no run was killed while it was on";
}

}  // namespace
}  // namespace joulecast::test
