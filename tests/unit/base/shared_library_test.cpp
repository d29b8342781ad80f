#include "base/shared_library.h"

#include <gtest/gtest.h>

namespace joulecast {
namespace {

TEST(SharedLibrary, GivesFunctionsByName) {
  SharedLibrary maths("libm.so.6");
  double (*cube_root)(double) = nullptr;
  maths.find("cbrt", cube_root);
  ASSERT_EQ(maths.fault(), "");
  EXPECT_DOUBLE_EQ(cube_root(27.0), 3.0);
}

TEST(SharedLibrary, NamesTheFirstFunctionThatIsNotThere) {
  SharedLibrary maths("libm.so.6");
  void (*function)() = nullptr;
  maths.find("no_such_function", function);
  EXPECT_EQ(function, nullptr);
  maths.find("nor_this_one", function);
  EXPECT_EQ(maths.fault(), "libm.so.6 lacks no_such_function");
}

TEST(SharedLibrary, ALibraryThatIsNotThereIsNamed) {
  SharedLibrary nothing("libjoulecast_has_no_such.so.1");
  EXPECT_NE(nothing.fault().find("libjoulecast_has_no_such.so.1"), std::string::npos);
  void (*function)() = [] {};
  nothing.find("f", function);
  EXPECT_EQ(function, nullptr);
}

}  // namespace
}  // namespace joulecast
