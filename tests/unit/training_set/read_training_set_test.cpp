#include <gtest/gtest.h>

#include "joulecast/training_set.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

using test::TemporaryFolder;

constexpr auto kDense = static_cast<std::size_t>(ReferenceKind::kDense);
const std::string kDenseHeader = "batch_size,input_size,output_size,power,runtime,layer_name\n";

Error error_of(const TemporaryFolder& folder) {
  const auto result = read_training_set(folder.path());
  EXPECT_FALSE(result);
  return result ? Error{} : result.error();
}

TEST(ReadTrainingSet, FindsNetworksAtAnyDepthSortedByName) {
  const TemporaryFolder folder;
  folder.write("b/vgg11/dense.csv", kDenseHeader + "1,10,5,1e6,0.5,fc1\n");
  folder.write("a/z/resnet18/dense.csv", kDenseHeader + "2,20,6,2.5e6,0.75,\"a, \"\"b\"\"\"\n");
  folder.write("a/z/resnet18/notes.csv", "anything\n");
  const TrainingSet set = read_training_set(folder.path()).value();
  ASSERT_EQ(set.reference[kDense].size(), 2U);
  EXPECT_EQ(set.reference[kDense][0].network, "resnet18");
  EXPECT_EQ(set.reference[kDense][1].network, "vgg11");
  const ReferenceRow& row = set.reference[kDense][0].rows.at(0);
  EXPECT_EQ(row.features, (std::vector<double>{2, 20, 6}));
  EXPECT_EQ(row.power_uw, 2.5e6);
  EXPECT_EQ(row.run_time_ms, 0.75);
  EXPECT_EQ(row.layer_name, "a, \"b\"");
  EXPECT_TRUE(set.reference[0].empty());
}

TEST(ReadTrainingSet, LeavesHiddenFoldersOut) {
  const TemporaryFolder folder;
  folder.write("n/dense.csv", kDenseHeader + "1,10,5,1e6,0.5,fc1\n");
  folder.write(".old/lenet/dense.csv", kDenseHeader + "1,10,5,1e6,0.5,fc1\n");
  folder.write("n/.cache/dense.csv", "broken");
  const TrainingSet set = read_training_set(folder.path()).value();
  ASSERT_EQ(set.reference[kDense].size(), 1U);
  EXPECT_EQ(set.reference[kDense][0].network, "n");
}

TEST(ReadTrainingSet, AFolderOfTwoBoardsLosesTheRowsThatDoNotNameTheirs) {
  const TemporaryFolder folder;
  const std::string header = "network,layer_name,layer_type,kind,run_time_ms,device\n";
  folder.write("n/layers.csv", header + "n,a,CaskConvolution,convolutional,1.0,orin\n" +
                                   "n,a,CaskConvolution,convolutional,2.0,nano\n");
  const auto dense = folder.write("n/dense.csv", kDenseHeader + "1,10,5,1e6,0.5,fc1\n");
  const TrainingSet set = read_training_set(folder.path(), "nano").value();
  ASSERT_EQ(set.layers.size(), 1U);
  EXPECT_EQ(set.layers[0].run_time_ms, 2.0);
  EXPECT_TRUE(set.reference[kDense].empty());
  ASSERT_EQ(set.warnings.size(), 1U);
  EXPECT_EQ(set.warnings[0].location.file, dense.string());
  EXPECT_NE(set.warnings[0].message.find("several boards"), std::string::npos);
  // All that is found is listed, also what was left out.
  EXPECT_EQ(set.devices, (std::vector<std::string>{"nano", "orin"}));
  // Of one board, the three files are its.
  folder.write("n/layers.csv", header + "n,a,CaskConvolution,convolutional,1.0,nano\n");
  EXPECT_EQ(read_training_set(folder.path(), "nano").value().reference[kDense].size(), 1U);
}

TEST(ReadTrainingSet, RowsWithoutABoardAreOfNoneWhereSeveralAreNamed) {
  const TemporaryFolder folder;
  const std::string header = "network,layer_name,layer_type,kind,run_time_ms,device\n";
  folder.write("a/layers.csv", header + "a,l,CaskConvolution,convolutional,1.0,orin\n");
  folder.write("b/layers.csv", header + "b,l,CaskConvolution,convolutional,1.0,\n");
  EXPECT_EQ(read_training_set(folder.path()).value().warnings.size(), 1U);
  folder.write("c/layers.csv", header + "c,l,CaskConvolution,convolutional,1.0,nano\n");
  EXPECT_TRUE(read_training_set(folder.path()).value().warnings.empty());
  EXPECT_EQ(read_training_set(folder.path(), "nano").value().warnings.size(), 1U);
}

TEST(ReadTrainingSet, TakesColumnsByNameAndIgnoresExtraOnes) {
  const TemporaryFolder folder;
  folder.write("n/dense.csv",
               "layer_name,extra,runtime,power,output_size,input_size,batch_size\nfc,x,3,4,5,6,7\n");
  const TrainingSet set = read_training_set(folder.path()).value();
  const ReferenceRow& row = set.reference[kDense][0].rows.at(0);
  EXPECT_EQ(row.features, (std::vector<double>{7, 6, 5}));
  EXPECT_EQ(row.power_uw, 4.0);
  EXPECT_EQ(row.run_time_ms, 3.0);
}

TEST(ReadTrainingSet, NamesMissingColumns) {
  const TemporaryFolder folder;
  const auto file = folder.write("n/dense.csv", "batch_size,input_size,power,layer_name\n1,2,3,fc\n");
  const Error error = error_of(folder);
  EXPECT_EQ(error.kind, ErrorKind::kMalformed);
  EXPECT_EQ(error.message, "column missing: output_size, runtime");
  EXPECT_EQ(error.location.file, file.string());
  EXPECT_EQ(error.location.line, 1U);
}

TEST(ReadTrainingSet, RefusesTextInANumberWithItsLine) {
  const TemporaryFolder folder;
  folder.write("n/dense.csv", kDenseHeader + "1,10,5,1e6,0.5,fc1\n1,ten,5,1e6,0.5,fc2\n");
  const Error error = error_of(folder);
  EXPECT_EQ(error.kind, ErrorKind::kMalformed);
  EXPECT_EQ(error.message, "column input_size is not a number: 'ten'");
  EXPECT_EQ(error.location.line, 3U);
}

TEST(ReadTrainingSet, RefusesAnEmptyCell) {
  const TemporaryFolder folder;
  folder.write("n/dense.csv", kDenseHeader + "1,10,5,,0.5,fc1\n");
  const Error error = error_of(folder);
  EXPECT_EQ(error.message, "column power is empty");
  EXPECT_EQ(error.location.line, 2U);
  EXPECT_FALSE(error.hint.empty());
}

TEST(ReadTrainingSet, RefusesNanAndInfinity) {
  for (const char* word : {"nan", "inf", "1e999"}) {
    const TemporaryFolder folder;
    folder.write("n/dense.csv", kDenseHeader + "1,10,5,1e6," + word + ",fc1\n");
    EXPECT_EQ(error_of(folder).message, std::string("column runtime is not a number: '") + word + "'");
  }
}

TEST(ReadTrainingSet, RefusesARowOfAnotherLength) {
  const TemporaryFolder folder;
  folder.write("n/dense.csv", kDenseHeader + "1,10,5,1e6,0.5\n");
  EXPECT_EQ(error_of(folder).message, "5 cells under 6 columns");
}

TEST(ReadTrainingSet, RefusesAnEmptyFile) {
  const TemporaryFolder folder;
  folder.write("n/dense.csv", "");
  EXPECT_EQ(error_of(folder).message, "the file is empty: not even a header");
}

TEST(ReadTrainingSet, WithoutAnyRowIsUnfit) {
  const TemporaryFolder folder;
  folder.write("n/dense.csv", kDenseHeader);
  folder.write("n/other.txt", "x");
  EXPECT_EQ(error_of(folder).kind, ErrorKind::kUnfit);
}

TEST(ReadTrainingSet, OfAMissingFolderOrAFileIsUnreadable) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_training_set(folder.path() / "none").error().message, "no such folder");
  const auto file = folder.write("file", "x");
  EXPECT_EQ(read_training_set(file).error().message, "is a file, not a training_data folder");
}

TEST(ReadTrainingSet, CountsDoubtfulTargets) {
  const TemporaryFolder folder;
  folder.write("n/dense.csv", kDenseHeader + "1,10,5,-1,0.5,a\n1,10,5,-2,0,b\n");
  const TrainingSet set = read_training_set(folder.path()).value();
  ASSERT_EQ(set.warnings.size(), 2U);
  EXPECT_EQ(set.warnings[0].message, "power below idle in a training row");
  EXPECT_EQ(set.warnings[0].count, 2U);
  EXPECT_EQ(set.warnings[1].message, "run time of zero or less in a training row");
  EXPECT_EQ(set.warnings[1].count, 1U);
}

TEST(ReadTrainingSet, JoinsTwoFoldersOfOneNameWithAWarning) {
  const TemporaryFolder folder;
  folder.write("b/n/dense.csv", kDenseHeader + "1,20,5,1,1,second\n");
  folder.write("a/n/dense.csv", kDenseHeader + "1,10,5,1,1,first\n");
  const TrainingSet set = read_training_set(folder.path()).value();
  ASSERT_EQ(set.reference[kDense].size(), 2U);
  EXPECT_EQ(set.reference[kDense][0].rows[0].layer_name, "first");
  EXPECT_EQ(set.warnings.at(0).message, "two folders are named n: their rows are joined");
}

const std::string kLayersHeader = "network,layer_name,kind,run_time_ms,device\n";

TEST(ReadTrainingSet, ARenamedFolderKeepsItsCovariance) {
  const TemporaryFolder folder;
  folder.write("a/layers.csv", kLayersHeader + "a,x,dense,1,\n");
  folder.write("renamed/layers.csv", kLayersHeader + "n,p,dense,1,\nn,q,dense,1,\n");
  folder.write("renamed/power_covariance.csv", "layer_name,p,q\np,4,1\nq,1,9\n");
  const TrainingSet set = read_training_set(folder.path()).value();
  EXPECT_TRUE(set.warnings.empty());
  ASSERT_EQ(set.covariance.size(), 1U);
  EXPECT_EQ(set.covariance[0].first_row, 1U);
  EXPECT_EQ(set.covariance[0].powers.w2, (std::vector<double>{4, 1, 1, 9}));
}

TEST(ReadTrainingSet, TwoFoldersOfOneNetworkHaveACovarianceEach) {
  const TemporaryFolder folder;
  folder.write("a/n/layers.csv", kLayersHeader + "n,p,dense,1,\nn,q,dense,1,\n");
  folder.write("b/n/layers.csv", kLayersHeader + "n,p,dense,1,\nn,q,dense,1,\n");
  folder.write("b/n/power_covariance.csv", "layer_name,p,q\np,4,1\nq,1,9\n");
  const TrainingSet second = read_training_set(folder.path()).value();
  ASSERT_EQ(second.covariance.size(), 1U);
  EXPECT_EQ(second.covariance[0].first_row, 2U);
  folder.write("a/n/power_covariance.csv", "layer_name,p,q\np,5,2\nq,2,8\n");
  const TrainingSet both = read_training_set(folder.path()).value();
  ASSERT_EQ(both.covariance.size(), 2U);
  EXPECT_EQ(both.covariance[0].first_row, 0U);
  EXPECT_EQ(both.covariance[0].powers.w2, (std::vector<double>{5, 2, 2, 8}));
  EXPECT_EQ(both.covariance[1].first_row, 2U);
  EXPECT_EQ(both.covariance[1].powers.w2, (std::vector<double>{4, 1, 1, 9}));
  ASSERT_EQ(both.warnings.size(), 1U);
  EXPECT_EQ(both.warnings[0].message, "two folders are named n: their rows are joined");
}

TEST(ReadTrainingSet, RowsOfAnotherBoardLeaveTheCovarianceOfTheRest) {
  const TemporaryFolder folder;
  folder.write("n/layers.csv",
               kLayersHeader + "n,p,dense,1,orin\nn,q,dense,1,nano\nn,r,dense,1,orin\nn,s,dense,1,nano\n");
  folder.write("n/power_covariance.csv", "layer_name,p,q,r,s\np,1,2,3,4\nq,2,5,6,7\nr,3,6,8,9\ns,4,7,9,10\n");
  const TrainingSet set = read_training_set(folder.path(), "nano").value();
  EXPECT_TRUE(set.warnings.empty());
  ASSERT_EQ(set.layers.size(), 2U);
  ASSERT_EQ(set.covariance.size(), 1U);
  EXPECT_EQ(set.covariance[0].first_row, 0U);
  EXPECT_EQ(set.covariance[0].powers.layer_names, (std::vector<std::string>{"q", "s"}));
  EXPECT_EQ(set.covariance[0].powers.w2, (std::vector<double>{5, 7, 7, 10}));
}

/// There is no covariance, and one warning, about this file.
void expect_no_covariance(const std::filesystem::path& folder, const std::filesystem::path& file,
                          const std::string& why) {
  const TrainingSet set = read_training_set(folder).value();
  EXPECT_TRUE(set.covariance.empty());
  ASSERT_EQ(set.warnings.size(), 1U);
  EXPECT_EQ(set.warnings[0].location.file, file.string());
  EXPECT_NE(set.warnings[0].message.find(why), std::string::npos) << set.warnings[0].message;
}

TEST(ReadTrainingSet, ACovarianceOfOtherRowsIsNotUsedAndSaysWhy) {
  const TemporaryFolder folder;
  folder.write("n/layers.csv", kLayersHeader + "n,q,dense,1,\nn,p,dense,1,\n");
  const auto file = folder.write("n/power_covariance.csv", "layer_name,p,q\np,4,1\nq,1,9\n");
  expect_no_covariance(folder.path(), file, "does not name the rows of layers.csv");
}

TEST(ReadTrainingSet, ACovarianceWithoutLayersCsvIsNotUsedAndSaysWhy) {
  const TemporaryFolder folder;
  folder.write("n/dense.csv", kDenseHeader + "1,10,5,1,1,p\n");
  const auto file = folder.write("n/power_covariance.csv", "layer_name,p\np,4\n");
  // Measurements, not training rows: not even a folder of that name.
  folder.write("preprocessed/n/power_covariance.csv", "layer_name,p\np,4\n");
  expect_no_covariance(folder.path(), file, "no layers.csv beside it");
}

TEST(ReadTrainingSet, WithoutNetworksMovesCovariancesWithTheirRows) {
  const TemporaryFolder folder;
  folder.write("a/layers.csv", kLayersHeader + "a,x,dense,1,\n");
  folder.write("a/dense.csv", kDenseHeader + "1,10,5,1,1,x\n");
  folder.write("a/power_covariance.csv", "layer_name,x\nx,7\n");
  // Rows of two networks in one folder.
  folder.write("b/layers.csv", kLayersHeader + "b,p,dense,1,\na,q,dense,1,\nb,r,dense,1,\n");
  folder.write("b/dense.csv", kDenseHeader + "1,10,5,1,1,p\n");
  folder.write("b/power_covariance.csv", "layer_name,p,q,r\np,1,2,3\nq,2,4,5\nr,3,5,6\n");
  const TrainingSet set = read_training_set(folder.path()).value();
  ASSERT_EQ(set.covariance.size(), 2U);
  const std::vector<std::string> held_out = {"a"};
  const TrainingSet rest = without_networks(set, held_out);
  ASSERT_EQ(rest.layers.size(), 2U);
  EXPECT_EQ(rest.layers[1].layer_name, "r");
  ASSERT_EQ(rest.reference[kDense].size(), 1U);
  EXPECT_EQ(rest.reference[kDense][0].network, "b");
  ASSERT_EQ(rest.covariance.size(), 1U);
  EXPECT_EQ(rest.covariance[0].first_row, 0U);
  EXPECT_EQ(rest.covariance[0].powers.layer_names, (std::vector<std::string>{"p", "r"}));
  EXPECT_EQ(rest.covariance[0].powers.w2, (std::vector<double>{1, 3, 3, 6}));
  EXPECT_EQ(without_networks(set, {}).covariance.size(), 2U);
}

TEST(ReadTrainingSet, DoubtsAFileCutWithinItsLastCell) {
  const TemporaryFolder folder;
  const auto dense = folder.write("n/dense.csv", kDenseHeader + "1,10,5,1e6,0.5,fc1\n1,10,5,1e6,0.5,fc");
  const auto layers = folder.write("n/layers.csv", "layer_name,kind,run_time_ms\na,dense,0.5\nb,dense,0.0");
  const auto set = read_training_set(folder.path());
  ASSERT_TRUE(set) << set.error().describe();
  ASSERT_EQ(set->warnings.size(), 2U);
  EXPECT_EQ(set->warnings[0].location, (Location{layers.string(), 3}));
  EXPECT_EQ(set->warnings[1].location, (Location{dense.string(), 3}));
}

TEST(ReadTrainingSet, RefusesAFileCutBeforeItsLastCell) {
  const TemporaryFolder folder;
  folder.write("n/dense.csv", kDenseHeader + "1,10,5,1e6,0.5,fc1\n1,10,5,1e6,0.");
  const Error error = error_of(folder);
  EXPECT_EQ(error.message, "5 cells under 6 columns: the file was cut off in this line");
  EXPECT_EQ(error.location.line, 3U);
  EXPECT_FALSE(error.hint.empty());
}

TEST(ReadTrainingSet, DoubtsANegativeIdlePower) {
  const TemporaryFolder folder;
  folder.write("n/layers.csv", "layer_name,kind,run_time_ms,idle_power_w\na,dense,0.5,-0.004\n");
  const auto set = read_training_set(folder.path());
  ASSERT_TRUE(set) << set.error().describe();
  ASSERT_EQ(set->warnings.size(), 1U);
  EXPECT_NE(set->warnings[0].message.find("idle power below 0"), std::string::npos);
}

}  // namespace
}  // namespace joulecast
