#include "datasets/object_store.h"

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/input_file.h"
#include "datasets/remote_options.h"
#include "http/url.h"

namespace joulecast::datasets {
namespace {

namespace fs = std::filesystem;

/// A DVC remote that is a folder, of this machine or mounted.
class FolderStore final : public ObjectStore {
 public:
  FolderStore(fs::path folder, std::optional<Error> no_push)
      : folder_(std::move(folder)), name_(folder_.string()), no_push_(std::move(no_push)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  Expected<bool> has(const std::string& key) override {
    std::error_code code;
    return fs::is_regular_file(folder_ / key, code);
  }
  Expected<bool> get(const std::string& key, PartialFile& to, const ByteProgress& progress) override;
  [[nodiscard]] Expected<void> check_push(std::uint64_t /*largest*/) const override {
    if (no_push_) return tl::unexpected(*no_push_);
    return {};
  }
  Expected<void> put(const fs::path& file, const std::string& key, const ByteProgress& progress) override {
    if (auto copied = copy_file_atomically(file, folder_ / key, Durability::kPowerCut); !copied)
      return copied;
    std::error_code code;
    fs::permissions(folder_ / key, fs::perms(0444), code);  // as DVC has it
    if (progress) progress(fs::file_size(file, code));
    return {};
  }
  [[nodiscard]] std::optional<fs::path> folder() const override { return folder_; }

 private:
  fs::path folder_;
  std::string name_;
  std::optional<Error> no_push_;  ///< why nothing can be sent there
};

Expected<bool> FolderStore::get(const std::string& key, PartialFile& to, const ByteProgress& progress) {
  std::error_code code;
  if (!fs::is_regular_file(folder_ / key, code)) return false;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen((folder_ / key).c_str(), "rb"),
                                                             &std::fclose);
  if (!file) return tl::unexpected(unreadable_file(folder_ / key, errno));
  if (auto begun = to.begin({}, 0); !begun) return tl::unexpected(begun.error());
  constexpr std::size_t kCopyBytes = 256U << 10U;
  const auto buffer = std::make_unique_for_overwrite<char[]>(kCopyBytes);
  while (const std::size_t got = std::fread(buffer.get(), 1, kCopyBytes, file.get())) {
    if (auto taken = to.take({buffer.get(), got}); !taken) return tl::unexpected(taken.error());
    if (progress) progress(to.kept());
  }
  if (std::ferror(file.get()) != 0) return tl::unexpected(unreadable_file(folder_ / key, EIO));
  return true;
}

}  // namespace

std::string object_key(const std::string& md5, bool is_folder, HashKind hash) {
  return fmt::format("{}{}/{}{}", hash == HashKind::kMd5 ? "files/md5/" : "", md5.substr(0, 2), md5.substr(2),
                     is_folder ? ".dir" : "");
}

Expected<std::unique_ptr<ObjectStore>> folder_store(const DvcRemote& remote, const fs::path& folder) {
  // How a cache links its files says nothing of what is fetched from there or sent.
  if (auto known = check_options(remote, {"type", "protected", "slow_link_warning", "shared"}); !known)
    return tl::unexpected(known.error());
  std::optional<Error> no_push;
  if (!remote.option("shared").empty())
    no_push = unsupported_option(remote, "shared", "Push with DVC, or remove the option");
  return std::make_unique<FolderStore>(folder, std::move(no_push));
}

Expected<std::unique_ptr<ObjectStore>> open_store(const DvcRemote& remote, const Environment& environment,
                                                  const http::ClientOptions& options) {
  const std::string url = remote.option("url");
  const auto parts = http::parse_url(url);
  if (url.starts_with("file:///")) return folder_store(remote, http::percent_decoded(url.substr(7)));
  if (!parts) {
    if (url.empty())
      return fail(ErrorKind::kUsage, fmt::format("the remote '{}' has no url", remote.name), {},
                  "Set it: dvc remote modify NAME url URL");
    return folder_store(remote, url);
  }
  if (parts->scheme == "http" || parts->scheme == "https") return http_store(remote, environment, options);
  if (parts->scheme == "s3") return s3_store(remote, environment, options);
  return fail(ErrorKind::kUsage, fmt::format("remotes of the kind {}:// are not supported", parts->scheme),
              {}, "Use dagshub://, s3://, http://, https:// or a folder");
}

}  // namespace joulecast::datasets
