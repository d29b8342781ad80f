// The reference's data_version.py by its own arguments.
#include <fmt/format.h>

#include "cli/data_transfer.h"
#include "cli/subcommand.h"
#include "http/url.h"

namespace joulecast::cli {
namespace {

class DataVersionCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Does what the reference's data_version.py does, with its arguments: brings a folder here from a "
           "repository at DagsHub, or sends it there. The same as 'joulecast data pull' and 'push' with "
           "--remote "
           "dagshub://OWNER/NAME@BRANCH/PATH. The token is taken from DAGSHUB_USER_TOKEN.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {
        "joulecast data_version --owner OWNER --name NAME --local-dir-path raw_data --remote-dir-path "
        "raw_data "
        "--branch main --download",
        "joulecast data_version --owner OWNER --name NAME --local-dir-path training_data --remote-dir-path "
        "training_data --branch main --commit 'new board' --upload"};
  }
  void declare(FlagSet& flags) override {
    flags.add("--owner", "NAME", &owner_, "Owner of the repository").required = true;
    flags.add("--name", "NAME", &name_, "The repository").required = true;
    flags.add("--local-dir-path", "DIR", &arguments_.path, "The folder here").required = true;
    flags.add("--remote-dir-path", "PATH", &folder_, "The folder there").required = true;
    flags.add("--branch", "NAME", &branch_,
              "Branch, or for a download a commit; by default the repository's own branch");
    flags.add("--commit", "TEXT", &arguments_.message,
              "Message of the commit that an upload makes; a revision to download is named by --branch");
    flags.add("--versioning", "KIND", &arguments_.versioning, "How it is kept: dvc (the default), git, auto")
        .choices = {"dvc", "git", "auto"};
    flags.add("--download", "", &download_, "Bring the folder here");
    flags.add("--upload", "", &upload_, "Send the folder there");
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    if (download_ == upload_)
      return fail(ErrorKind::kUsage,
                  download_ ? "--download and --upload exclude each other"
                            : "neither --download nor --upload is given",
                  {}, "Give one of the two");
    arguments_.action = download_ ? "pull" : "push";
    if (download_ && !arguments_.message.empty())
      console.warning(
          "--commit is the message of an upload, and means nothing to a download; --branch takes a commit "
          "too");
    while (folder_.starts_with('/')) folder_.erase(0, 1);
    arguments_.remote = fmt::format("dagshub://{}/{}{}{}/{}", http::percent_encoded(owner_),
                                    http::percent_encoded(name_), branch_.empty() ? "" : "@",
                                    http::percent_encoded(branch_), http::percent_encoded(folder_, true));
    return run_data(console, common, arguments_);
  }

  DataArguments arguments_;
  std::string owner_, name_, folder_, branch_;
  bool download_ = false, upload_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_data_version_command() {
  return std::make_unique<DataVersionCommand>();
}

}  // namespace joulecast::cli
