// The client of S3 alone, for a test against another program's storage:
//   s3_copy list BUCKET PREFIX | get BUCKET KEY FILE | put BUCKET FILE KEY
// The account is that of the environment; an error's exit code is the program's.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "http/s3.h"

using namespace joulecast;

namespace {

Expected<void> list(http::S3Bucket& bucket, const std::string& prefix) {
  const auto entries = bucket.list(prefix);
  if (!entries) return tl::unexpected(entries.error());
  for (const auto& entry : *entries)
    fmt::print("{}\t{}\n", entry.is_folder ? "folder" : std::to_string(entry.bytes), entry.name);
  return {};
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (arguments.size() < 3) return 2;
  const auto account = http::s3_account([](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
  http::S3Bucket bucket(account, arguments[1], {});
  const auto done = arguments[0] == "list"  ? list(bucket, arguments[2])
                    : arguments[0] == "get" ? bucket.get(arguments[2], arguments.at(3))
                                            : bucket.put(arguments[2], arguments.at(3));
  if (done) return 0;
  fmt::print(stderr, "{}\n", done.error().describe());
  return exit_code(done.error().kind);
}
