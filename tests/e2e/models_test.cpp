// models import, list and show, and predictions with the reference's own tree.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

#include "support/expect_words.h"
#include "support/run_program.h"
#include "support/temporary_folder.h"

namespace joulecast::test {
namespace {

namespace fs = std::filesystem;

const fs::path kSklearnModels = JOULECAST_SOURCE_DIR "/tests/data/sklearn";
const std::string kSklearnTree = kSklearnModels / "trained_models";

class Models : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }
  [[nodiscard]] std::string table_of_layers() {
    return scratch_
        .write(
            "layers.csv",
            "layer_name,kind,layer_type,batch_size,input_channels,input_height,input_width,output_channels,"
            "output_height,output_width,kernel_height,kernel_width,stride_height,stride_width,padding_height,"
            "padding_width\n"
            "conv,convolutional,CaskConvolution,1,64,56,56,64,56,56,3,3,1,1,1,1\n"
            "fc,dense,CaskGemmConvolution,1,512,1,1,1000,1,1,,,,,,\n")
        .string();
  }
  static void expect_80_columns(const std::string& output) {
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
  static void expect(const ProgramResult& result, int code, const std::vector<std::string>& words) {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    expect_words(result.errors, words);
    EXPECT_EQ(result.errors.find("hint:") != std::string::npos, code != 0) << result.errors;
  }
  TemporaryFolder scratch_;
};

TEST_F(Models, OfTheReferencesTreeAreImportedAndShown) {
  const auto imported = run_program({"models", "import", kSklearnTree, "--out", path("models")});
  ASSERT_EQ(imported.exit_code, 0) << imported.errors;
  expect_words(imported.output, {"6 imported", "scikit-learn 1.5.2", "62 of 107"});
  expect_words(imported.errors, {"never run", "_build_special_terms"});
  expect_80_columns(imported.output);

  const auto shown = run_program({"models", "show", path("models")});
  EXPECT_EQ(shown.exit_code, 0) << shown.errors;
  expect_words(shown.output, {"convolutional", "degree 2 of logs, standard", "MLflow run", "62 of 107"});
  expect_80_columns(shown.output);

  const auto json = run_program({"models", "show", kSklearnTree, "--json", "-", "--quiet"});
  EXPECT_EQ(json.output, read_file(path("models") + "/model.json"));
}

TEST_F(Models, PredictTheSameFromTheTreeAndImported) {
  const std::string layers = table_of_layers();
  ASSERT_EQ(run_program({"models", "import", kSklearnTree, "--out", path("models")}).exit_code, 0);
  const auto direct = run_program({"predict", layers, "--models", kSklearnTree, "--out", path("direct.csv")});
  ASSERT_EQ(direct.exit_code, 0) << direct.errors;
  expect_words(direct.errors, {"never run", "do not say which sizes"});
  ASSERT_EQ(
      run_program({"predict", layers, "--models", path("models"), "--out", path("saved.csv")}).exit_code, 0);
  EXPECT_EQ(read_file(path("direct.csv")), read_file(path("saved.csv")));
  EXPECT_NE(read_file(path("direct.csv")).find("conv"), std::string::npos);
}

TEST_F(Models, AddUpInOneFolderAndReplaceEachOther) {
  const auto import = [&](const std::string& file, const std::string& target) {
    return run_program({"models", "import", (kSklearnModels / file).string(), "--layer", "dense", "--target",
                        target, "--out", path("models")});
  };
  ASSERT_EQ(import("protocol2.pkl", "power").exit_code, 0);
  ASSERT_EQ(import("model.skops", "runtime").exit_code, 0);
  ASSERT_EQ(import("protocol5.pkl", "power").exit_code, 0);
  const auto file = nlohmann::json::parse(read_file(path("models") + "/model.json"));
  ASSERT_EQ(file["models"].size(), 2U);
  EXPECT_EQ(file["models"][0]["target"], "power");
  EXPECT_EQ(file["models"][0]["origin"]["file"], "protocol5.pkl");
  EXPECT_EQ(file["models"][1]["origin"]["library"], "scikit-learn 1.9.1");

  const auto one = run_program({"models", "show", (kSklearnModels / "protocol2.pkl").string(), "--layer",
                                "dense", "--target", "power"});
  expect_words(one.output, {"input_size*output_size", "coefficient", "degree 2 of logs, robust"});
  expect_80_columns(one.output);
}

TEST_F(Models, AreFoundBelowAFolder) {
  ASSERT_EQ(run_program({"models", "import", kSklearnTree, "--out", path("all/mine")}).exit_code, 0);
  fs::copy(kSklearnModels, scratch_.path() / "all/theirs", fs::copy_options::recursive);
  scratch_.write("all/theirs/broken.pkl", "hello");
  scratch_.write("all/theirs/other/MLmodel", "flavors: {onnx: {data: model.onnx}}");
  const auto listed = run_program({"models", "list", path("all")});
  EXPECT_EQ(listed.exit_code, 0) << listed.errors;
  expect_words(listed.output, {"mine", "joulecast", "trained_models", "scikit-learn tree", "model.skops"});
  expect_80_columns(listed.output.substr(0, listed.output.find('\n')));
  expect_words(listed.errors, {"broken.pkl", "is no pickle", "flavors"});
  EXPECT_EQ(run_program({"models", "list", path("all"), "--strict"}).exit_code, 3);
  const auto json =
      nlohmann::json::parse(run_program({"models", "list", path("all/mine"), "--json", "-"}).output);
  ASSERT_EQ(json.size(), 1U);
  EXPECT_EQ(json[0]["lasso"], 6);
  EXPECT_EQ(run_program({"doctor", kSklearnTree}).exit_code, 0);
}

TEST_F(Models, ThatCannotBeTakenAreRefusedWithAReason) {
  const std::string pickle = kSklearnModels / "protocol2.pkl";
  const std::vector<std::string> what = {"--layer", "dense", "--target", "power"};
  const auto import = [&](const std::string& from, std::vector<std::string> more) {
    more.insert(more.begin(), {"models", "import", from});
    more.insert(more.end(), {"--out", path("out")});
    return run_program(more);
  };
  expect(run_program({"models", "import", kSklearnTree}), 2, {"--out"});
  expect(run_program({"models", "show", kSklearnTree, "--out", path("out")}), 2, {"--out"});
  expect(run_program({"models", "publish", "x"}), 2, {"import, list, show"});
  expect(import(pickle, {}), 2, {"of which layers", "--layer"});
  expect(import(kSklearnTree, {"--layer", "dense"}), 2, {"the tree says itself"});
  expect(import(pickle, {"--layer", "pooling", "--target", "power"}), 4, {"protocol2.pkl", "3 columns"});
  expect(import(path("none.pkl"), what), 3, {"none.pkl"});
  expect(import(scratch_.write("cut.json", "{\"a\": [").string(), {}), 3, {"cut.json", "ends too early"});
  expect(run_program({"models", "show", scratch_.write("empty/note.txt", "").parent_path().string()}), 3,
         {"empty", "neither model.json nor MLmodel"});
  expect(import(scratch_.write("a.pkl", "hello").string(), what), 3, {"a.pkl", "byte 0"});
  expect(import(scratch_.write("b.pkl", "\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.").string(),
                what),
         4, {"b.pkl", "a call of os.system", "byte"});
  expect(run_program({"models", "list", scratch_.write("empty/x", "").parent_path().string()}), 4,
         {"no model was found"});
  EXPECT_FALSE(fs::exists(path("out")));
}

TEST_F(Models, ThatWereTrainedAreNotMixedWithImportedOnes) {
  const auto boards = fs::path(JOULECAST_SOURCE_DIR) / "examples/boards/rtx-3060-laptop/alexnet";
  ASSERT_EQ(
      run_program({"train", boards.string(), "--out", path("trained"), "--estimator", "physical"}).exit_code,
      0);
  expect(run_program({"models", "import", kSklearnTree, "--out", path("trained")}), 2, {"trained"});
  const auto shown = run_program({"models", "show", path("trained")});
  expect_words(shown.output, {"physical", "Trained by joulecast"});
  expect_80_columns(shown.output);
}

}  // namespace
}  // namespace joulecast::test
