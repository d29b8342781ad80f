// The interpreter of pickles: every opcode, every limit, and that a fault is told with its byte.
#include <gtest/gtest.h>

#include "cost_model/sklearn/pickle_machine.h"
#include "support/little_endian.h"

namespace joulecast::sklearn {
namespace {

using namespace std::string_literals;
using test::little_endian;

const std::string kBegin = "\x80\x04";

Expected<Pickled> read(const std::string& bytes) {
  return read_pickle(bytes, "m.pkl");
}
Expected<Pickled> run(const std::string& opcodes) {
  // A pickle refers to the bytes it was read from.
  static std::string bytes;
  bytes = kBegin + opcodes + ".";
  return read_pickle(bytes, "m.pkl");
}
Value sole(const std::string& opcodes) {
  const auto pickled = run(opcodes);
  EXPECT_TRUE(pickled) << pickled.error().describe();
  return pickled ? pickled->values[pickled->root] : Value{};
}
Error error_of(const std::string& opcodes) {
  const auto pickled = run(opcodes);
  EXPECT_FALSE(pickled);
  return pickled ? Error{} : pickled.error();
}
std::string text(const std::string& of) {
  return "\x8c" + little_endian(of.size(), 1) + of;
}
std::string global(const std::string& module, const std::string& name) {
  return text(module) + text(name) + "\x93";
}

TEST(PickleMachine, ReadsNumbers) {
  EXPECT_EQ(sole("N").kind, ValueKind::kNone);
  EXPECT_TRUE(sole("\x88").flag);
  EXPECT_FALSE(sole("\x89").flag);
  EXPECT_EQ(sole("\x89").kind, ValueKind::kTruth);
  EXPECT_EQ(sole("K\xff").integer, 255);
  EXPECT_EQ(sole("M\xfe\xff").integer, 65534);
  EXPECT_EQ(sole("J\xfe\xff\xff\xff").integer, -2);
  EXPECT_EQ(sole("\x8a\x00"s).integer, 0);
  EXPECT_EQ(sole("\x8a\x01\x80"s).integer, -128);
  EXPECT_EQ(sole("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s).integer,
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(sole("\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01"s).kind, ValueKind::kOpaque);
  EXPECT_EQ(sole("G\x3f\xf8\0\0\0\0\0\0"s).real, 1.5);
}

TEST(PickleMachine, ReadsTextsAndBytes) {
  EXPECT_EQ(sole(text("ab")).text, "ab");
  EXPECT_EQ(sole("X\x02\0\0\0ab"s).text, "ab");
  EXPECT_EQ(sole("\x8d\x02\0\0\0\0\0\0\0ab"s).text, "ab");
  EXPECT_EQ(sole("C\x02xy").kind, ValueKind::kBytes);
  EXPECT_EQ(sole("B\x02\0\0\0xy"s).text, "xy");
  EXPECT_EQ(sole("\x8e\x02\0\0\0\0\0\0\0xy"s).text, "xy");
  EXPECT_EQ(sole("\x96\x02\0\0\0\0\0\0\0xy"s).text, "xy");
}

TEST(PickleMachine, BuildsContainers) {
  EXPECT_EQ(sole(")").kind, ValueKind::kTuple);
  EXPECT_EQ(sole("N\x85").items.size(), 1U);
  EXPECT_EQ(sole("NN\x86").items.size(), 2U);
  EXPECT_EQ(sole("NNN\x87").items.size(), 3U);
  EXPECT_EQ(sole("(NNNNt").items.size(), 4U);
  EXPECT_EQ(sole("]Na").items.size(), 1U);
  EXPECT_EQ(sole("](NNe").items.size(), 2U);
  EXPECT_EQ(sole("}NNs").items.size(), 2U);
  EXPECT_EQ(sole("}(NNNNu").items.size(), 4U);
  EXPECT_EQ(sole("\x8f(NN\x90").items.size(), 2U);
  EXPECT_EQ(sole("(NN\x91").kind, ValueKind::kSet);
}

TEST(PickleMachine, KeepsTheStackAndTheMemo) {
  EXPECT_EQ(sole("K\x01K\x02"
                 "0")
                .integer,
            1);
  EXPECT_EQ(sole("K\x01(0").integer, 1);  // the mark goes first
  EXPECT_EQ(sole("K\x01(NN1").integer, 1);
  EXPECT_EQ(sole("K\x07"
                 "2\x86")
                .items.size(),
            2U);
  EXPECT_EQ(sole("K\x07\x94"
                 "0h\x00"s)
                .integer,
            7);
  EXPECT_EQ(sole("K\x07q\x05"
                 "0h\x05")
                .integer,
            7);
  EXPECT_EQ(sole("K\x07r\x05\x01\0\0"
                 "0j\x05\x01\0\0"s)
                .integer,
            7);
}

TEST(PickleMachine, NotesNamesAndCallsAndMakesNone) {
  const auto pickled = run(global("os", "system") + text("true") + "\x85R");
  ASSERT_TRUE(pickled);
  const Value& call = pickled->values[pickled->root];
  EXPECT_EQ(call.kind, ValueKind::kCall);
  EXPECT_TRUE(is_global(pickled->values, call.items[0], "os", "system"));
  EXPECT_EQ(described(pickled->values, pickled->root), "a call of os.system");
  EXPECT_EQ(call.offset, 2U + 4 + 8 + 1 + 6 + 1);

  const auto old = run("cos\nsystem\n");
  EXPECT_EQ(dotted_name(old->values, old->root), "os.system");

  const auto object = run(global("a", "B") + ")\x81}" + "b");
  EXPECT_EQ(object->values[object->root].kind, ValueKind::kObject);
  EXPECT_NE(object->values[object->root].state, kNoValue);
  EXPECT_EQ(described(object->values, object->root), "the class a.B");
  EXPECT_EQ(sole(global("a", "B") + ")}\x92").items.size(), 3U);
  // A class that is made by a call, as those stored by value are.
  EXPECT_EQ(sole(global("a", "make") + ")R)\x81").kind, ValueKind::kObject);
}

TEST(PickleMachine, AttachesWhatCloudpickleSetsByCalls) {
  const std::string function = global("cloudpickle.cloudpickle", "_make_function") + ")R\x94";
  for (const char* module : {"cloudpickle.cloudpickle", "cloudpickle.cloudpickle_fast"}) {
    const auto pickled = run(function + global(module, "_function_setstate") + "h" + "\x00"s + "K\x05\x86R0");
    ASSERT_TRUE(pickled) << pickled.error().describe();
    const Value& made = pickled->values[pickled->root];
    ASSERT_EQ(made.kind, ValueKind::kCall);
    EXPECT_EQ(pickled->values[made.state].integer, 5);
  }
  const auto type =
      run(function + global("cloudpickle.cloudpickle", "_class_setstate") + "h" + "\x00"s + "N\x86R\x86");
  ASSERT_TRUE(type) << type.error().describe();
  EXPECT_EQ(type->values[type->root].items[0], type->values[type->root].items[1]);
}

TEST(PickleMachine, ReadsWhatRefersToItself) {
  const auto pickled = run("]\x94h\x00"s + "a");
  ASSERT_TRUE(pickled);
  EXPECT_EQ(pickled->values[pickled->root].items[0], pickled->root);
}

TEST(PickleMachine, MarksObjectsThatAreFilledLikeLists) {
  EXPECT_TRUE(sole(global("collections", "deque") + ")RNa").flag);
  EXPECT_TRUE(sole(global("collections", "OrderedDict") + ")R(NNu").flag);
}

TEST(PickleMachine, RefusesOpcodesThatModelsDoWithout) {
  for (const char* opcode :
       {"i", "o", "P", "Q", "\x82", "\x83", "\x84", "\x97", "\x98", "I", "L", "F", "S", "V", "p", "g"}) {
    const Error error = error_of("N"s + opcode);
    EXPECT_EQ(error.kind, ErrorKind::kUnfit) << opcode;
    EXPECT_EQ(error.location.byte, 3U) << opcode;
    EXPECT_NE(error.message.find("opcode"), std::string::npos);
  }
  EXPECT_EQ(error_of("\xff").message, "0xff is no opcode of a pickle");
}

TEST(PickleMachine, TellsFaultsWithTheirByte) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"t", "the opcode needs a mark, and there is none"},
      {"a", "the opcode needs 1 value(s), and there are 0"},
      {"(Na", "the opcode needs a value, and there is none"},
      {"N(N\x86", "the opcode needs 2 value(s), and there are 1"},
      {"}(NNNu", "a key has no value"},
      {"NNa", "None gets items"},
      {"]NNs", "a list gets items"},
      {"N}b", "None gets a state"},
      {"NN\x81", "the arguments of None are no tuple"},
      {"NN\x93", "the name of a global is no text"},
      {"h\x09", "place 9 of the memo is empty"},
      {"\x80\x04", "is no pickle of protocol 2 to 5 (protocol 4)"},
      {"NN", "2 values are left at the pickle's end, not one"},
      {"N(", "1 values are left at the pickle's end, not one"},
      {"", "0 values are left at the pickle's end, not one"},
      {"X\xff\xff\xff\xff", "the pickle is cut off"},
      {"\x95\xff\xff\xff\xff\xff\xff\xff\xff", "a frame ends behind the file's end"},
      {"cos\nsystem", "the pickle is cut off in a name"},
  };
  for (const auto& [opcodes, message] : cases) {
    const Error error = error_of(opcodes);
    EXPECT_EQ(error.message, message) << opcodes;
    EXPECT_EQ(error.kind, ErrorKind::kMalformed) << opcodes;
    EXPECT_TRUE(error.location.byte.has_value());
    EXPECT_EQ(error.location.file, "m.pkl");
    EXPECT_FALSE(error.hint.empty());
  }
  EXPECT_EQ(error_of(global("a", "B") + ")\x81}b}b").message, "the class a.B gets a second state");
  EXPECT_EQ(read(kBegin + "N.N").error().message, "1 bytes stand behind the pickle's end");
  EXPECT_EQ(read(kBegin + "N.N").error().location.byte, 4U);
}

TEST(PickleMachine, RefusesWhatIsNoPickle) {
  for (const char* bytes : {"", "N.", "{}", "\x80\x01N.", "\x80\x06N.", "hello"})
    EXPECT_FALSE(read(bytes)) << bytes;
  EXPECT_EQ(read("hello").error().message, "is no pickle of protocol 2 to 5");
}

TEST(PickleMachine, HoldsItsLimits) {
  EXPECT_EQ(error_of(std::string(Values::kMaxValues + 1, 'N')).kind, ErrorKind::kUnfit);  // the stack, before
  std::string values;
  for (std::size_t i = 0; i <= Values::kMaxValues; ++i) values += "N0";
  EXPECT_NE(error_of(values).message.find("1000000 values"), std::string::npos);
  EXPECT_NE(error_of(std::string(100'001, '(')).message.find("marks"), std::string::npos);
  EXPECT_NE(error_of("N" + std::string(100'001, '2')).message.find("stack of more than 100000"),
            std::string::npos);
  EXPECT_NE(error_of("Nr\xff\xff\xff\xff").message.find("memo"), std::string::npos);
  std::string links = "]";
  for (std::size_t i = 0; i < 45; ++i)
    links += "(" + std::string(99'000, 'N').replace(1, 98'999, 98'999, '2') + "e";
  EXPECT_NE(error_of(links).message.find("4000000 items"), std::string::npos);
  EXPECT_NE(read(kBegin + std::string(kMaxModelBytes, 'N')).error().message.find("64 MiB"),
            std::string::npos);
}

TEST(PickleMachine, ReadsNestingOfAnyDepth) {
  std::string deep;
  for (std::size_t i = 0; i < 200'000; ++i) deep += i == 0 ? ")" : "\x85";
  EXPECT_TRUE(run(deep));
}

}  // namespace
}  // namespace joulecast::sklearn
