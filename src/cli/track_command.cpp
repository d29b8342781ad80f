#include <fmt/format.h>

#include "cli/fault_tally.h"
#include "cli/subcommand.h"
#include "cli/training_log.h"

namespace joulecast::cli {
namespace {

class TrackCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Sends what a training could not send to its MLflow server.\n\n"
           "train --track keeps a record of the training in MODELS/.tracking-spool until all of it is on the "
           "server. 'resume' sends the records that wait there, each once: what had already arrived is found "
           "on the server and not sent again. User and password come from the environment, as for train.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast track resume models", "joulecast track resume models --track http://localhost:5000"};
  }
  void declare(FlagSet& flags) override {
    Flag& action = flags.add("ACTION", "", &action_, "resume: send what waits");
    action.required = true;
    action.choices = {"resume"};
    flags.add("MODELS", "", &models_, "Folder of models that train has written").required = true;
    flags.add("--track", "URI", &uri_, "Another server than the one that the training was meant for");
  }

  Expected<int> run(Console& console, const CommonOptions& common) override {
    const auto waiting = spooled_trainings(models_);
    if (!waiting) return tl::unexpected(waiting.error());
    if (waiting->empty()) {
      console.note(fmt::format("nothing waits in {}", models_));
      return 0;
    }
    FaultTally faults;
    bool any = false;
    for (const auto& folder : *waiting) {
      const auto sent = resume(console, folder);
      if (sent) {
        tell(console, *sent);
        any = true;
      } else {
        faults.skipped(console, folder.string(), sent.error());
      }
    }
    return faults.verdict(any, common.strict, "nothing was sent");
  }

  Expected<SentTraining> resume(Console& console, const std::filesystem::path& folder) const {
    const auto uri = uri_.empty() ? server_of_spooled(folder) : Expected<std::string>(uri_);
    if (!uri) return tl::unexpected(uri.error());
    const auto server = tracking_server(*uri, process_environment());
    if (!server) return tl::unexpected(server.error());
    auto sent = send_spooled(folder, *server, console_hooks(console, "track", "requests"));
    console.end_progress();
    return sent;
  }

  std::string action_;
  std::string models_;
  std::string uri_;
};

}  // namespace

std::unique_ptr<Subcommand> make_track_command() {
  return std::make_unique<TrackCommand>();
}

}  // namespace joulecast::cli
