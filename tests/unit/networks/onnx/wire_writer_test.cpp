// Bytes of the wire format, against cases of the format's own description and against our reader.
#include "networks/onnx/wire_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "networks/onnx/wire.h"

namespace joulecast::onnx {
namespace {

TEST(MessageWriter, WritesTheExamplesOfTheDescription) {
  // https://protobuf.dev/programming-guides/encoding: {1: 150}, {2: "testing"}, {3: {1: 150}}
  EXPECT_EQ(MessageWriter().number(1, 150).text(), "\x08\x96\x01");
  EXPECT_EQ(MessageWriter().bytes(2, "testing").text(), "\x12\x07testing");
  EXPECT_EQ(MessageWriter().message(3, MessageWriter().number(1, 150)).text(), "\x1a\x03\x08\x96\x01");
  EXPECT_EQ(MessageWriter().bytes(20, "").text(), std::string("\xa2\x01\x00", 3));
}

TEST(MessageWriter, IsReadBack) {
  constexpr std::array<std::uint64_t, 7> kNumbers = {
      0, 1, 127, 128, 300, std::uint64_t{1} << 63U, std::numeric_limits<std::uint64_t>::max()};
  MessageWriter message;
  for (const std::uint64_t number : kNumbers) message.number(1, number);
  const std::string large(100'000, 'x');
  message.bytes(1000, large);
  FieldReader reader({message.text(), 0});
  for (const std::uint64_t number : kNumbers) {
    const auto field = reader.next();
    ASSERT_TRUE(field);
    EXPECT_TRUE(field->is_varint());
    EXPECT_EQ(field->value, number);
  }
  const auto field = reader.next();
  ASSERT_TRUE(field);
  EXPECT_EQ(field->number, 1000U);
  EXPECT_EQ(field->bytes.text, large);
  EXPECT_TRUE(reader.at_end());
}

}  // namespace
}  // namespace joulecast::onnx
