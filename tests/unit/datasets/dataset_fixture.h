// A dataset in a scratch folder, and an HTTP server of objects that may fail.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "datasets/md5.h"
#include "joulecast/datasets.h"
#include "support/run_program.h"
#include "support/stub_server.h"
#include "support/temporary_folder.h"

namespace joulecast::datasets {

namespace fs = std::filesystem;
using test::StubAnswer;
using test::StubRequest;
using test::StubServer;

/// Objects on an HTTP server that takes ranges, and does what a test wants of it first.
class ObjectServer {
 public:
  ObjectServer() : server_([this](const StubRequest& request) { return answer(request); }) {}

  [[nodiscard]] std::string url() const { return server_.url() + "/store"; }
  [[nodiscard]] std::size_t count(const std::string& method) const {
    std::size_t found = 0;
    for (const auto& request : server_.requests()) found += request.method == method ? 1 : 0;
    return found;
  }
  [[nodiscard]] std::vector<StubRequest> requests() const { return server_.requests(); }

  std::map<std::string, std::string> objects;
  /// Changes an answer, or leaves it.
  std::function<void(const StubRequest&, StubAnswer&)> twist;

 private:
  StubAnswer answer(const StubRequest& request) {
    const std::string key = request.path().substr(std::string("/store/").size());
    StubAnswer answer{404, "", {}};
    if (request.method == "POST" || request.method == "PUT") {
      objects[key] = request.body;
      answer.status = 200;
    } else if (const auto found = objects.find(key); found != objects.end()) {
      answer = {200, found->second, {{"ETag", "\"" + md5_of(found->second) + "\""}}};
      const std::string range = request.header("range");
      const std::string only_if = request.header("if-range");
      if (!range.empty() && (only_if.empty() || only_if == answer.headers[0].second)) {
        const std::size_t from = std::stoul(range.substr(6));
        if (from >= found->second.size()) {
          answer = {416, "", {}};
        } else {
          answer.status = 206;
          answer.body = found->second.substr(from);
          answer.headers.emplace_back("Content-Range", "bytes " + std::to_string(from) + "-" +
                                                           std::to_string(found->second.size() - 1) + "/" +
                                                           std::to_string(found->second.size()));
        }
      }
    }
    if (twist) twist(request, answer);
    return answer;
  }

  StubServer server_;
};

class Datasets : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path data() const { return scratch_.path() / "data"; }
  DataRequest request(const std::string& remote) const {
    DataRequest request;
    request.remote = remote;
    request.path = data();
    request.jobs = 3;
    request.environment = [](const char*) { return std::nullopt; };
    return request;
  }
  void write(const std::string& name, const std::string& content) { scratch_.write("data/" + name, content); }
  [[nodiscard]] std::string read(const std::string& name) const { return test::read_file(data() / name); }
  [[nodiscard]] fs::path object_of_cache(const std::string& content) const {
    const std::string md5 = md5_of(content);
    return scratch_.path() / ".dvc/cache/files/md5" / md5.substr(0, 2) / md5.substr(2);
  }
  [[nodiscard]] static DataState state(const DataReport& report, const std::string& path) {
    for (const DataFile& file : report.files)
      if (file.path == path) return file.state;
    ADD_FAILURE() << "no file " << path;
    return DataState::kSame;
  }
  /// Pushes, then forgets everything here but the .dvc file.
  void publish(const std::string& remote) {
    const auto pushed = push_data(request(remote));
    ASSERT_TRUE(pushed) << pushed.error().describe();
    fs::remove_all(data());
    fs::remove_all(scratch_.path() / ".data.joulecast");
  }

  test::TemporaryFolder scratch_;
  std::string store_ = (scratch_.path() / "store").string();
};

}  // namespace joulecast::datasets
