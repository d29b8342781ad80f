#include "cli/data_transfer.h"
#include "cli/subcommand.h"

namespace joulecast::cli {
namespace {

class DataCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Brings a dataset here from DagsHub or a DVC remote, sends it there, compares, verifies.\n\n"
           "pull fetches only what differs, several files at a time, and goes on where an earlier pull broke "
           "off. "
           "A file takes its name when its hash is right; what was changed here stays, unless --force is "
           "given.\n\n"
           "push sends only what is not there yet. What somebody else has changed meanwhile is reported, "
           "never "
           "overwritten.\n\n"
           "status tells of every file: same, changed here or there, missing, new, deleted, in conflict. "
           "verify "
           "reads all files again and asks the remote for each object.\n\n"
           "For a DVC remote the file PATH.dvc says what the dataset is; inside a DVC repository its default "
           "remote "
           "is taken, its cache is used, and DVC can read all that is written. Tokens and keys come from "
           "DAGSHUB_USER_TOKEN, from the settings of DVC and DagsHub's program, and from AWS_* "
           "(docs/data.md).";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast data pull --remote dagshub://OWNER/NAME/raw_data --path raw_data",
            "joulecast data status --path training_data",
            "joulecast data push --remote s3://bucket/store --path training_data --dry-run",
            "joulecast data verify --remote ../store --path training_data"};
  }
  void declare(FlagSet& flags) override {
    auto& action = flags.add("ACTION", "", &arguments_.action, "pull, push, status or verify");
    action.required = true;
    action.choices = {"pull", "push", "status", "verify"};
    flags.add("--path", "PATH", &arguments_.path, "Folder or file of the dataset here").required = true;
    flags.add("--remote", "URL", &arguments_.remote,
              "dagshub://OWNER/NAME[@REVISION]/PATH, s3://BUCKET/PREFIX, https://..., a folder, or a name of "
              ".dvc/config; by default that of the DVC repository");
    flags.add("--force", "", &arguments_.force, "Overwrite what was changed on the other side");
    flags.add("--dry-run", "", &arguments_.dry_run, "Only tell what would be done");
    flags.add("--json", "FILE", &arguments_.json, "Write the report to this file; '-' is standard output");
    flags.add("--message", "TEXT", &arguments_.message, "Summary of the commit that a push to DagsHub makes");
    flags
        .add("--versioning", "KIND", &arguments_.versioning,
             "How DagsHub keeps what is pushed: dvc (the default), git, auto")
        .choices = {"dvc", "git", "auto"};
  }
  Expected<int> run(Console& console, const CommonOptions& common) override {
    return run_data(console, common, arguments_);
  }

  DataArguments arguments_;
};

}  // namespace

std::unique_ptr<Subcommand> make_data_command() {
  return std::make_unique<DataCommand>();
}

}  // namespace joulecast::cli
