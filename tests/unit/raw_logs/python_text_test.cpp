#include "raw_logs/python_text.h"

#include <cmath>
#include <utility>

#include <gtest/gtest.h>

namespace joulecast::python {
namespace {

// Values by Python 3.11's float().
TEST(PythonFloat, TakesWhatPythonTakes) {
  const std::pair<const char*, double> accepted[] = {
      {"5e3", 5000.0},     {" 1_000 ", 1000.0},
      {"inf", HUGE_VAL},   {"-Infinity", -HUGE_VAL},
      {"+5.", 5.0},        {".5", 0.5},
      {"5000.0", 5000.0},  {"1_0.2_5e1_0", 1.025e11},
      {"1e400", HUGE_VAL}, {"-1e400", -HUGE_VAL},
      {"1e-400", 0.0},     {"1e+5", 1e5},
      {"1E-05", 1e-05},    {"\t7\r", 7.0},
      {"00012.50", 12.5},  {"9007199254740993", 9007199254740992.0},
      {"-.5e-1", -0.05},
  };
  for (const auto& [text, expected] : accepted) EXPECT_EQ(to_float(text), expected) << text;
  EXPECT_TRUE(std::isnan(to_float("nan").value()));
  EXPECT_TRUE(std::isnan(to_float(" -NaN").value()));
}

TEST(PythonFloat, RefusesWhatPythonRefuses) {
  for (const char* text : {"",
                           " ",
                           "0x10",
                           "1__0",
                           "_1",
                           "1_",
                           "1_.5",
                           "1._5",
                           "1e",
                           "e5",
                           ".",
                           "+",
                           "--1",
                           "12 3",
                           "infinit",
                           "1d",
                           "\x1c"
                           "8",
                           "abc",
                           "1,5",
                           "1e_5",
                           "1e5_",
                           "nan()",
                           "1.2.3"})
    EXPECT_FALSE(to_float(text)) << text;
}

TEST(PythonStrip, TakesWhiteSpaceOffBothEnds) {
  EXPECT_EQ(strip(" \t\r\n\v\f\x1c\x1f"
                  "a b\x1d "),
            "a b");
  EXPECT_EQ(strip(" \n"), "");
}

TEST(PythonStem, CutsTheLastSuffixOnly) {
  EXPECT_EQ(stem("squeezenet1.1"), "squeezenet1");
  EXPECT_EQ(stem("a.b.c"), "a.b");
  EXPECT_EQ(stem("alexnet"), "alexnet");
  EXPECT_EQ(stem(".hidden"), ".hidden");
  EXPECT_EQ(stem("ends."), "ends.");
}

}  // namespace
}  // namespace joulecast::python
