// Models of scikit-learn: what is read predicts as scikit-learn did, damage never does harm.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "../fuzz/sklearn_property.h"
#include "joulecast/sklearn_import.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

namespace fs = std::filesystem;

const fs::path kData = JOULECAST_SOURCE_DIR "/tests/data/sklearn";
const fs::path kFuzz = JOULECAST_SOURCE_DIR "/fuzz";

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

ReferenceKind kind_from(const std::string& name) {
  for (const ReferenceKind kind : kReferenceKinds)
    if (name == to_string(kind)) return kind;
  ADD_FAILURE() << name;
  return ReferenceKind::kDense;
}

std::string changed(std::string bytes, const std::string& from, const std::string& to) {
  const std::size_t at = bytes.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return bytes.replace(at, from.size(), to);
}

Expected<ImportedLasso> parse(const std::string& bytes, ReferenceKind kind = ReferenceKind::kDense) {
  return parse_sklearn(bytes, "m.pkl", kind, Target::kPower);
}

class EachVersion : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(ScikitLearn, EachVersion, ::testing::Values("1.2.1", "1.5.2", "1.9.1"),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST_P(EachVersion, IsPredictedAsItPredicts) {
  std::ifstream file(kData / (std::string("expected_") + GetParam() + ".json"));
  ASSERT_TRUE(file);
  double largest = 0.0;
  for (const auto& one : nlohmann::json::parse(file)) {
    const std::string name = one["file"];
    const Target target = one["target"] == "power" ? Target::kPower : Target::kRunTime;
    const auto imported = import_sklearn(kData / name, {kind_from(one["kind"]), target});
    ASSERT_TRUE(imported) << imported.error().describe();
    const LassoModel& model = imported->model;
    EXPECT_EQ(model.origin->library, std::string("scikit-learn ") + GetParam()) << name;
    EXPECT_EQ(model.target, target);
    EXPECT_FALSE(model.terms.empty()) << name;
    const CompiledLasso compiled(model);
    for (std::size_t i = 0; i < one["rows"].size(); ++i) {
      const std::vector<double> row = one["rows"][i];
      const double expected = one["prediction"][i];
      for (const double ours : {model.predict(row), compiled.predict(row)})
        largest = std::max(largest, std::abs(ours - expected) / std::abs(expected));
    }
  }
  EXPECT_LE(largest, 1e-12);
  std::cout << "scikit-learn " << GetParam() << ": largest difference " << largest << "\n";
}

TEST(SklearnImport, KnowsHowTheModelWasFitted) {
  const auto imported = import_sklearn(kData / "trained_models/convolutional/power");
  ASSERT_TRUE(imported) << imported.error().describe();
  const LassoModel& model = imported->model;
  EXPECT_EQ(model.kind, ReferenceKind::kConvolutional);
  EXPECT_EQ(model.target, Target::kPower);
  EXPECT_TRUE(model.recipe.log_scale);
  EXPECT_EQ(model.recipe.degree, 2);
  EXPECT_EQ(model.recipe.scaler, Scaler::kStandard);
  EXPECT_TRUE(model.recipe.lasso.positive);
  EXPECT_EQ(model.recipe.folds, 3U);
  EXPECT_EQ(model.recipe.lasso.alphas, 5U);
  EXPECT_EQ(model.alphas.size(), 5U);
  EXPECT_EQ(model.alphas[model.alpha_index], model.alpha);
  EXPECT_EQ(model.mean_mse.size(), 5U);
  EXPECT_EQ(std::min_element(model.mean_mse.begin(), model.mean_mse.end()) - model.mean_mse.begin(),
            static_cast<std::ptrdiff_t>(model.alpha_index));
  ASSERT_EQ(model.recipe.special_terms.size(), 2U);
  EXPECT_EQ(
      model.recipe.special_terms[0],
      (std::vector<std::string>{"input_size_0", "input_size_1", "input_size_2", "kernel_0", "kernel_1"}));
  EXPECT_EQ(model.origin->file, "model.pkl");
  EXPECT_EQ(model.origin->run_id, "00000000000000000000000000000000");
  EXPECT_EQ(model.origin->sha256.size(), 64U);
  EXPECT_FALSE(model.train_metrics);
  EXPECT_TRUE(model.feature_min.empty());
  ASSERT_EQ(imported->warnings.size(), 1U);
  EXPECT_NE(imported->warnings[0].message.find("_build_special_terms"), std::string::npos);
}

TEST(SklearnImport, TakesTheWholeTree) {
  const auto model = load_cost_model(kData / "trained_models");
  ASSERT_TRUE(model) << model.error().describe();
  EXPECT_EQ(model->lasso.size(), 6U);
  EXPECT_EQ(model->warnings.size(), 4U);  // the four with a function
  const auto text = to_json(*model);
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("\"format_version\": 4"), std::string::npos);
  const auto again = parse_cost_model(*text, "saved");
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_EQ(to_json(*again).value(), *text);
}

TEST(SklearnImport, WarnsOfWhatTheTreeLacks) {
  const test::TemporaryFolder scratch;
  fs::create_directories(scratch.path() / "dense");
  fs::copy(kData / "trained_models/dense/power", scratch.path() / "dense/power");
  EXPECT_TRUE(is_sklearn_tree(scratch.path()));
  const auto model = import_sklearn_models(scratch.path());
  ASSERT_TRUE(model) << model.error().describe();
  EXPECT_EQ(model->lasso.size(), 1U);
  EXPECT_EQ(model->warnings.size(), 5U);
  EXPECT_EQ(import_sklearn_models(scratch.path(), {ReferenceKind::kDense, {}}).error().kind,
            ErrorKind::kUsage);
}

TEST(SklearnImport, AsksWhatTheModelIsOf) {
  const auto unknown = import_sklearn(kData / "protocol2.pkl");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kUsage);
  EXPECT_FALSE(import_sklearn(kData / "protocol2.pkl", {ReferenceKind::kDense, {}}));
  const test::TemporaryFolder scratch;
  EXPECT_EQ(import_sklearn(scratch.write("hello.pkl", "hello")).error().kind, ErrorKind::kMalformed);
  EXPECT_TRUE(import_sklearn(kData / "protocol2.pkl", {ReferenceKind::kDense, Target::kPower}));
  EXPECT_EQ(import_sklearn(kData / "none.pkl", {ReferenceKind::kDense, Target::kPower}).error().kind,
            ErrorKind::kUnreadable);
}

TEST(SklearnImport, KnowsTheRegisteredName) {
  const test::TemporaryFolder scratch;
  fs::copy(kData / "trained_models/dense/power", scratch.path() / "downloaded");
  EXPECT_FALSE(import_sklearn(scratch.path() / "downloaded"));
  scratch.write("downloaded/registered_model_meta", "model_name: dense_runtime_model\nmodel_version: '1'\n");
  const auto imported = import_sklearn(scratch.path() / "downloaded");
  ASSERT_TRUE(imported) << imported.error().describe();
  EXPECT_EQ(imported->model.target, Target::kRunTime);
}

TEST(SklearnImport, RefusesFoldersOfOtherModels) {
  const test::TemporaryFolder scratch;
  const SklearnTarget what{ReferenceKind::kDense, Target::kPower};
  const auto message = [&](const std::string& ml_model) {
    scratch.write("m/MLmodel", ml_model);
    const auto imported = import_sklearn(scratch.path() / "m", what);
    return imported ? std::string() : imported.error().message;
  };
  EXPECT_NE(message("flavors:\n  onnx:\n    data: model.onnx\n").find("its flavors: onnx"),
            std::string::npos);
  EXPECT_NE(message("flavors: [1").find("is no YAML"), std::string::npos);
  EXPECT_NE(message("- 1").find("no mapping"), std::string::npos);
  EXPECT_NE(message("{}").find("its flavors: none"), std::string::npos);
  for (const char* name : {"../model.pkl", "/etc/passwd", "a/../../b", "''"})
    EXPECT_NE(message("flavors: {sklearn: {pickled_model: " + std::string(name) + "}}")
                  .find("the name of the model's file"),
              std::string::npos)
        << name;
  EXPECT_FALSE(message(std::string(100'000, '[')).empty());
}

TEST(SklearnImport, RefusesByNameAndByte) {
  const std::string bytes = content(kData / "protocol2.pkl");
  const auto error = parse(changed(bytes, "RobustScaler", "QuantilScale")).error();
  EXPECT_EQ(error.kind, ErrorKind::kUnfit);
  EXPECT_EQ(error.message, "step2: the class sklearn.preprocessing._data.QuantilScale cannot be taken over");
  EXPECT_EQ(error.location.byte, bytes.find("csklearn.preprocessing._data\nRobustScaler"));
  EXPECT_FALSE(error.hint.empty());
  EXPECT_EQ(parse(changed(bytes, "log1p", "expm1")).error().message,
            "step0.func: the function numpy.core._multiarray_umath.expm1 cannot be taken over");
  EXPECT_NE(parse(changed(bytes, "_reconstruct", "_reconstrukt")).error().message.find("_reconstrukt"),
            std::string::npos);
}

TEST(SklearnImport, RefusesOtherWidths) {
  const auto error = parse(content(kData / "protocol2.pkl"), ReferenceKind::kPooling).error();
  EXPECT_EQ(error.message, "step1: was fitted on 3 columns, and gets 11");
}

TEST(SklearnImport, RefusesFunctionsThatAreNotTheReferences) {
  const std::string bytes = content(kData / "trained_models/pooling/power/model.pkl");
  const auto refusal = [](const std::string& of) {
    const auto imported = parse(of, ReferenceKind::kPooling);
    return imported ? std::string("taken over") : imported.error().message;
  };
  EXPECT_EQ(refusal(bytes), "taken over");
  EXPECT_NE(refusal(changed(bytes, "\x8c\x14_build_special_terms", "\x8c\x14_build_another_terms"))
                .find("is never run"),
            std::string::npos);
  EXPECT_NE(refusal(changed(bytes, "terms_list", "terms_lost")).find("is never run"), std::string::npos);
  EXPECT_NE(refusal(changed(bytes, "\x8c\x08kernel_0", "\x8c\x08kernel_9")).find("kernel_9"),
            std::string::npos);
  EXPECT_NE(refusal(changed(bytes, "_make_cell", "_fake_cell")).find("captured variables"),
            std::string::npos);
}

TEST(SklearnImport, RefusesPartsThatDoNotFitTogether) {
  const std::string bytes = content(kData / "trained_models/dense/power/model.pkl");
  // A polynomial of 20 columns that says 21.
  const std::string width = "n_output_features_\x94K\x14";
  EXPECT_EQ(parse(changed(bytes, width, "n_output_features_\x94K\x15")).error().message,
            "step0: says it makes 21 columns, but its settings make 20");
  EXPECT_EQ(parse(changed(bytes, "n_features_in_\x94K\x03", "n_features_in_\x94K\x04")).error().message,
            "step0: was fitted on 4 columns, and gets 3");
  EXPECT_EQ(parse(changed(bytes, "intercept_", "intercepd_")).error().message,
            "step2: the attribute intercept_ is missing: was the model fitted?");
}

// A step that stands a hundred times in each of seven unions: a file of some kB that asks for 10^14 columns.
TEST(SklearnImport, BoundsWhatASmallFileAsksFor) {
  const auto text = [](const std::string& of) {
    return "\x8c" + std::string(1, static_cast<char>(of.size())) + of;
  };
  const auto object = [&](const std::string& name, const std::string& list, const std::string& items) {
    return text("sklearn.pipeline") + text(name) + "\x93)\x81}(" + text(list) + "](" + items + "eub";
  };
  std::string step = text("passthrough");
  for (char level = 1; level <= 7; ++level) {
    const std::string place(1, level);
    std::string items = text("p") + step + "q" + place + "\x86";
    for (int i = 0; i < 99; ++i) items += text("p") + "h" + place + "\x86";
    step = object("FeatureUnion", "transformer_list", items);
  }
  const std::string bytes = "\x80\x04" + object("Pipeline", "steps", text("u") + step + "\x86") + ".";
  EXPECT_LT(bytes.size(), 10'000U);
  const auto imported = parse(bytes);
  ASSERT_FALSE(imported);
  EXPECT_EQ(imported.error().kind, ErrorKind::kUnfit);
  EXPECT_NE(imported.error().message.find("more than 1000 steps"), std::string::npos)
      << imported.error().message;
}

TEST(SklearnImport, ClipsNamesOfAnyLength) {
  const std::string name(100'000, 'x');
  const auto imported = parse("\x80\x04\x8c\x02osX" + std::string("\xa0\x86\x01\0", 4) + name + "\x93)\x81.");
  ASSERT_FALSE(imported);
  EXPECT_LT(imported.error().message.size(), 300U);
}

void check_damage(const std::string& bytes, std::size_t step) {
  for (std::size_t length = 0; length < bytes.size(); length += step)
    ASSERT_EQ(fuzzing::sklearn_fault(std::string_view(bytes).substr(0, length)), "") << length;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    for (const int value : {0x00, 0x28, 0x52, 0x7f, 0xff}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(value);
      ASSERT_EQ(fuzzing::sklearn_fault(damaged), "") << "byte " << at << " = " << value;
    }
  }
}

TEST(SklearnFuzzing, SeedsAndFormerCrashesKeepTheProperty) {
  std::size_t files = 0;
  for (const char* folder : {"corpus/sklearn", "regressions/sklearn"}) {
    if (!fs::exists(kFuzz / folder)) continue;
    for (const auto& entry : fs::directory_iterator(kFuzz / folder)) {
      EXPECT_EQ(fuzzing::sklearn_fault(content(entry.path())), "") << entry.path();
      ++files;
    }
  }
  EXPECT_GE(files, 4U);
}

TEST(SklearnFuzzing, PicklesCutOrChangedAnywhereKeepTheProperty) {
  for (const char* name : {"protocol2", "protocol5", "closure"})
    check_damage(content(kFuzz / "corpus/sklearn" / name), 1);
}

TEST(SklearnFuzzing, SkopsFilesCutOrChangedKeepTheProperty) {
  check_damage(content(kFuzz / "corpus/sklearn/skops"), 23);
}

TEST(SklearnFuzzing, CutPicklesAreRefused) {
  const std::string bytes = content(kData / "protocol5.pkl");
  ASSERT_TRUE(parse(bytes));
  for (std::size_t length = 0; length < bytes.size(); ++length)
    ASSERT_FALSE(parse(bytes.substr(0, length))) << length;
}

}  // namespace
}  // namespace joulecast
