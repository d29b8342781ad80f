// DagsHub's interface for the files of a repository: branches, listings, contents, uploads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/credentials.h"
#include "datasets/object_store.h"
#include "datasets/tree.h"
#include "http/client_pool.h"
#include "joulecast/datasets.h"

namespace joulecast::datasets {

/// dagshub://OWNER/NAME[@REVISION]/PATH
struct DagshubAddress {
  std::string owner, name;
  std::string revision;  ///< a branch, or a commit; empty: the default branch
  std::string path;      ///< below the repository's root, never empty
};
/// A '/' in a branch's name is written %2F. Error kUsage.
Expected<DagshubAddress> parse_dagshub_address(std::string_view text);
std::string to_string(const DagshubAddress& address);

/// The tip that an address means.
struct DagshubTip {
  std::string branch;  ///< empty: the revision is a commit
  std::string commit;
  bool branch_is_new = false;    ///< the branch is not there yet; the commit is the default branch's
  std::string default_branch{};  ///< known where the branch is new
};

/// A call that failed; `code` is DagsHub's own word, such as "invalid last_commit".
struct DagshubFault {
  Error error{};
  int status = 0;  ///< 0: no answer
  std::string code{};
  bool uncertain = false;  ///< the server may have carried the call out
};
template <class T>
using DagshubResult = tl::expected<T, DagshubFault>;

struct DagshubUpload {
  std::string branch, folder;
  std::string last_commit;
  std::string new_branch;  ///< made from `branch`; empty: none
  std::string summary, versioning;
  bool is_dvc_folder = true;
  std::vector<std::pair<std::string, std::filesystem::path>>
      files;  ///< name below the folder, and where it is
};

/// For any number of threads. The token goes to the account's host alone.
class DagshubRepository {
 public:
  DagshubRepository(DagshubAccount account, DagshubAddress address, http::ClientOptions options,
                    std::size_t jobs);

  [[nodiscard]] const DagshubAddress& address() const { return address_; }
  /// Host, owner and name.
  [[nodiscard]] std::string name() const;
  DagshubResult<DagshubTip> tip();
  /// All files below a path at a commit, by path below it; nothing if the path is not there. A file itself
  /// has the path "".
  DagshubResult<std::optional<Tree>> list(const std::string& commit, const std::string& path,
                                          std::vector<std::string>& notes);
  DagshubResult<void> fetch(const std::string& commit, const std::string& path, PartialFile& to,
                            const ByteProgress& progress);
  /// One commit; the value is the new tip, the old one if nothing changed, empty if the server does not say.
  DagshubResult<std::string> upload(const DagshubUpload& upload, const ByteProgress& progress);

 private:
  [[nodiscard]] std::string api(std::string_view what) const;
  DagshubResult<http::Response> send(http::Request request, const std::string& what);
  [[nodiscard]] DagshubFault fault_of(const http::Response& response, const std::string& what) const;
  struct Folder;
  DagshubResult<void> take_entries(const std::string& text, const std::string& root, Folder& into);

  DagshubAccount account_;
  DagshubAddress address_;
  std::size_t jobs_;
  http::ClientPool clients_;
};

}  // namespace joulecast::datasets
