#include "cli/help.h"
#include "cli/subcommand.h"

namespace joulecast::cli {
namespace {

class ManCommand final : public Subcommand {
  [[nodiscard]] std::string_view description() const override {
    return "Writes the manual page in roff to standard output.";
  }
  [[nodiscard]] std::vector<std::string_view> examples() const override {
    return {"joulecast man > joulecast.1", "joulecast man | man -l -"};
  }
  void declare(FlagSet&) override {}
  Expected<int> run(Console& console, const CommonOptions&) override {
    console.result(man_page());
    return 0;
  }
};

}  // namespace

std::unique_ptr<Subcommand> make_man_command() {
  return std::make_unique<ManCommand>();
}

}  // namespace joulecast::cli
