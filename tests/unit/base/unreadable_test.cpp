// Files and folders that cannot be read or written: each error says where and what to do.
#include <fstream>

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/folder_listing.h"
#include "base/input_file.h"
#include "base/json_fault.h"
#include "support/temporary_folder.h"

namespace joulecast {
namespace {

TEST(Unreadable, SaysWhatToDoWhateverTheSystemSays) {
  for (int code = 1; code < 134; ++code) {
    const Error error = unreadable_file("a/b", code);
    EXPECT_EQ(error.kind, ErrorKind::kUnreadable);
    EXPECT_FALSE(error.hint.empty()) << code;
  }
}

TEST(Unreadable, FolderForAFileAndFileForAFolderAreToldApart) {
  const test::TemporaryFolder folder;
  const auto file = folder.write("file", "x");
  EXPECT_EQ(read_whole_file(folder.path()).error().hint, "Name a file in it, not the folder");
  EXPECT_NE(read_whole_file(file / "inside").error().hint.find("is a file, not a folder"), std::string::npos);
  EXPECT_NE(write_file_atomically(file / "inside", "x").error().hint.find("is a file, not a folder"),
            std::string::npos);
  const Error into_folder = write_file_atomically(folder.path(), "x").error();
  EXPECT_EQ(into_folder.kind, ErrorKind::kNotWritable);
  EXPECT_FALSE(into_folder.hint.empty());
  EXPECT_FALSE(copy_file_atomically(folder.path(), file).error().hint.empty());
  EXPECT_FALSE(copy_file_atomically(folder.path() / "none", file).error().hint.empty());
}

TEST(FolderListing, GivesNamesByCodePoint) {
  const test::TemporaryFolder folder;
  for (const char* name : {"b", "a", "B"}) folder.write(name, "");
  EXPECT_EQ(sorted_names(folder.path()).value(), (std::vector<std::string>{"B", "a", "b"}));
}

TEST(FolderListing, OfWhatIsNoFolderIsUnreadableWithTheHint) {
  const test::TemporaryFolder folder;
  const auto file = folder.write("file", "");
  for (const auto& path : {file, folder.path() / "none"}) {
    const auto names = sorted_names(path, "Name another");
    ASSERT_FALSE(names);
    EXPECT_EQ(names.error().kind, ErrorKind::kUnreadable);
    EXPECT_EQ(names.error().location.file, path.string());
    EXPECT_EQ(names.error().hint, "Name another");
  }
}

TEST(JsonFault, NamesLineAndByteAndTheRemedy) {
  const auto fault = [](std::string_view text) { return json_fault(text, "f.json", "reason", "Do this"); };
  const Error wrong = fault("{\n\"a\": x}");
  EXPECT_EQ(wrong.location.line, 2U);
  EXPECT_EQ(wrong.location.byte, 7U);
  EXPECT_EQ(wrong.hint, "Do this");
  const Error cut = fault("{\"a\": 1");
  EXPECT_EQ(cut.message, "JSON ends too early");
  EXPECT_EQ(cut.hint, "The file was cut off. Do this");
  EXPECT_EQ(fault("{}").message, "not usable JSON: reason");  // the other parser's limit
  EXPECT_EQ(fault("{}").hint, "Do this");
  const Error large = fault("{\"a\": 1e999}");
  EXPECT_TRUE(large.location.byte.has_value());
  EXPECT_EQ(large.message.find('['), std::string::npos) << large.message;
}

}  // namespace
}  // namespace joulecast
