// Messages are judged by the words they must hold.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace joulecast::test {

/// The text has all of these words.
inline void expect_words(const std::string& text, const std::vector<std::string>& words) {
  for (const auto& word : words)
    EXPECT_NE(text.find(word), std::string::npos) << "no '" << word << "' in:\n" << text;
}

}  // namespace joulecast::test
