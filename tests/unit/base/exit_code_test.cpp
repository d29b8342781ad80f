#include "base/exit_code.h"

#include <gtest/gtest.h>

namespace joulecast {
namespace {

TEST(ExitCode, FollowsTheTableOfTheInterface) {
  EXPECT_EQ(exit_code(ErrorKind::kInternal), 1);
  EXPECT_EQ(exit_code(ErrorKind::kUsage), 2);
  EXPECT_EQ(exit_code(ErrorKind::kUnreadable), 3);
  EXPECT_EQ(exit_code(ErrorKind::kMalformed), 3);
  EXPECT_EQ(exit_code(ErrorKind::kUnfit), 4);
  EXPECT_EQ(exit_code(ErrorKind::kServer), 5);
  EXPECT_EQ(exit_code(ErrorKind::kAccessDenied), 6);
  EXPECT_EQ(exit_code(ErrorKind::kNotWritable), 7);
  EXPECT_EQ(exit_code(ErrorKind::kInterrupted), 130);
}

TEST(ErrorText, NamesPlaceThenFaultThenRemedy) {
  const Error error{ErrorKind::kMalformed, "no such stamp", {"a.json", 3, 41}, "Log again"};
  EXPECT_EQ(error.describe(), "a.json:3 (byte 41): no such stamp. Log again");
}

TEST(ErrorText, LeavesOutWhatIsUnknown) {
  EXPECT_EQ((Error{ErrorKind::kUsage, "no input", {}, {}}).describe(), "no input");
}

}  // namespace
}  // namespace joulecast
