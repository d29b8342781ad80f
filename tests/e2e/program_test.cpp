// The program itself: help, version, completion, wrong usage, the shape of its
// messages.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <sstream>

#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace joulecast::test {
namespace {

using ::testing::TestWithParam;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(Program, SaysItsVersionCommitAndLibraries) {
  const auto run = run_program({"--version"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_TRUE(run.output.starts_with("joulecast 0.1.0 (commit ")) << run.output;
  EXPECT_NE(run.output.find("simdjson"), std::string::npos);
}

TEST(Program, WithoutACommandShowsTheListAndIsWrongUsage) {
  const auto run = run_program({});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.output, "");
  EXPECT_NE(run.errors.find("attribute"), std::string::npos);
}

TEST(Program, SuggestsTheCommandThatWasMeant) {
  const auto run = run_program({"atribute"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.errors,
            "joulecast: error: unknown command 'atribute'\n  hint: "
            "Did you mean 'attribute'?\n");
}

TEST(Program, SuggestsTheFlagThatWasMeant) {
  const auto run = run_program({"convert", "in", "--otu", "out"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.errors,
            "joulecast: error: convert has no option --otu\n  "
            "hint: Did you mean --out?\n");
}

TEST(Program, SaysWhichValuesAFlagTakes) {
  const auto run = run_program({"train", "data", "--out", "m", "--mode", "fast"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.errors,
            "joulecast: error: --mode: 'fast' is unknown\n  hint: "
            "It takes converged, compat\n");
}

TEST(Program, SaysWhichArgumentIsMissing) {
  const auto run = run_program({"attribute", "raw_data"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.errors.find("attribute needs --out PREPROCESSED"), std::string::npos) << run.errors;
}

TEST(Program, RefusesTextWhereACountBelongs) {
  const auto run = run_program({"convert", "in", "--out", "out", "--per-layer-measurements", "ten"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.errors.find("--per-layer-measurements: 'ten' is no whole number"), std::string::npos)
      << run.errors;
}

TEST(Program, RefusesAnArgumentTooMany) {
  const auto run = run_program({"convert", "in", "more", "--out", "out"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.errors.find("'more' is one argument too many"), std::string::npos) << run.errors;
}

TEST(Program, RefusesAPriorForTheWindowMethod) {
  const auto run =
      run_program({"attribute", "raw", "--out", "out", "--method", "window", "--prior", "models"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.errors.find("--prior"), std::string::npos) << run.errors;
}

TEST(Program, RefusesATimeZoneThatThereIsNot) {
  const auto run = run_program({"attribute", "raw", "--out", "out", "--time-zone", "Mars/Base"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.errors.find("Mars/Base"), std::string::npos) << run.errors;
  EXPECT_NE(run.errors.find("Europe/Berlin"), std::string::npos) << run.errors;
}

TEST(Program, ARemoteIsForPullOrPush) {
  const auto run = run_program({"dataset", "raw", "--out", "out", "--remote", "store"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.errors.find("--remote is given without --pull or --push"), std::string::npos) << run.errors;
}

TEST(Program, LogsJsonThatParses) {
  const auto run = run_program({"convert", "absent", "--out", "out", "--log-format", "json"});
  EXPECT_EQ(run.exit_code, 3);
  const auto lines = lines_of(run.errors);
  ASSERT_EQ(lines.size(), 1U) << run.errors;
  const auto message = nlohmann::json::parse(lines.front());
  EXPECT_EQ(message.at("level"), "error");
  EXPECT_EQ(message.at("kind"), "unreadable");
  EXPECT_EQ(message.at("file"), "absent");
  EXPECT_EQ(message.at("exit_code"), 3);
  EXPECT_FALSE(message.at("hint").get<std::string>().empty());
}

TEST(Program, ReportsAFullDiskBehindStandardOutput) {
  const std::string command = std::string(JOULECAST_PROGRAM) + " --version > /dev/full 2> /dev/null";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

class EachCommand : public TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, EachCommand,
                         ::testing::Values("attribute", "convert", "dataset", "train", "predict", "evaluate",
                                           "data", "data_version", "models", "boards", "simulate", "doctor",
                                           "completion"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(EachCommand, HelpsIn80ColumnsWithTwoExamples) {
  const auto run = run_program({GetParam(), "--help"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.errors, "");
  bool examples = false;
  int count = 0;
  for (const auto& line : lines_of(run.output)) {
    EXPECT_LE(line.size(), 80U) << line;
    if (examples && line.starts_with("  ")) ++count;
    if (line == "Examples:") examples = true;
  }
  EXPECT_GE(count, 2);
  EXPECT_EQ(run_program({"help", GetParam()}).output, run.output);
}

TEST_P(EachCommand, StandsInTheListAndTheManual) {
  EXPECT_NE(run_program({"--help"}).output.find(std::string("\n  ") + GetParam() + " "), std::string::npos);
  EXPECT_NE(run_program({"man"}).output.find(std::string(".SS joulecast ") + GetParam()), std::string::npos);
}

TEST(Program, TrainsHelpAndManualTellWhatItMakes) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"train", "--help"}, {"man"}}) {
    std::string text = run_program(words).output;
    std::string one_line;  // however it is broken into lines
    for (const char c : text)
      if (c != '\n' && c != ' ')
        one_line += c;
      else if (!one_line.ends_with(' '))
        one_line += ' ';
    for (const char* part : {"physical ones of run time and energy", "the reference's six lassos",
                             "held out in turn", "leaderboard", "physical models none"})
      EXPECT_NE(one_line.find(part), std::string::npos) << part << " in\n" << text;
    EXPECT_EQ(one_line.find("Fits six models"), std::string::npos);
  }
}

class EachShell : public TestWithParam<std::pair<const char*, const char*>> {};
INSTANTIATE_TEST_SUITE_P(All, EachShell,
                         ::testing::Values(std::pair{"bash", "bash -n"}, std::pair{"zsh", "zsh -n"},
                                           std::pair{"fish", "fish --no-execute"}),
                         [](const auto& test) { return std::string(test.param.first); });

TEST_P(EachShell, CompletionIsValidForItsShell) {
  const auto [shell, check] = GetParam();
  const TemporaryFolder scratch;
  const auto run = run_program({"completion", shell});
  ASSERT_EQ(run.exit_code, 0);
  EXPECT_NE(run.output.find("per-layer-measurements"), std::string::npos);
  const auto file = scratch.write("script", run.output);
  if (std::system((std::string("command -v ") + shell + " > /dev/null").c_str()) != 0)
    GTEST_SKIP() << shell << " is not installed";
  EXPECT_EQ(std::system((std::string(check) + " " + file.string()).c_str()), 0);
}

TEST(Completion, OffersCommandsFlagsAndTheirValuesInBash) {
  const TemporaryFolder scratch;
  const auto script = scratch.write("script", run_program({"completion", "bash"}).output);
  const auto complete = [&](const std::string& words, int at) {
    const auto out = scratch.path() / "replies";
    const std::string command = "bash -c 'source " + script.string() + "; COMP_WORDS=(" + words +
                                "); COMP_CWORD=" + std::to_string(at) +
                                "; _joulecast; echo \"${COMPREPLY[@]}\"' > " + out.string();
    EXPECT_EQ(std::system(command.c_str()), 0);
    return read_file(out);
  };
  EXPECT_EQ(complete("joulecast att", 1), "attribute\n");
  EXPECT_EQ(complete("joulecast train --mo", 2), "--mode\n");
  EXPECT_EQ(complete("joulecast train --mode c", 3), "converged compat\n");
}

}  // namespace
}  // namespace joulecast::test
