// skops files: the archive, numpy's headers and the schema, each refused where it is not as it should be.
#include <gtest/gtest.h>
#include <zlib.h>

#include "cost_model/sklearn/npy.h"
#include "cost_model/sklearn/skops_file.h"
#include "cost_model/sklearn/stored_zip.h"
#include "support/little_endian.h"

namespace joulecast::sklearn {
namespace {

using namespace std::string_literals;
using test::little_endian;

/// A stored archive, with what a test wants to be wrong in it.
struct Zip {
  std::vector<std::pair<std::string, std::string>> members;
  unsigned method = 0, flags = 0;
  std::uint64_t extra_size = 0;  ///< said beyond the true one
  [[nodiscard]] std::string bytes() const {
    std::string body;
    std::string directory;
    for (const auto& [name, content] : members) {
      const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
      const std::string common = little_endian(flags, 2) + little_endian(method, 2) + "\0\0\0\0"s +
                                 little_endian(crc, 4) + little_endian(content.size() + extra_size, 4) +
                                 little_endian(content.size() + extra_size, 4) +
                                 little_endian(name.size(), 2);
      directory += "PK\x01\x02\x14\x00\x14\x00"s + common + little_endian(0, 12) +
                   little_endian(body.size(), 4) + name;
      body += "PK\x03\x04\x14\x00"s + common + little_endian(0, 2) + name + content;
    }
    const std::string count = little_endian(members.size(), 2);
    return body + directory + "PK\x05\x06\0\0\0\0"s + count + count + little_endian(directory.size(), 4) +
           little_endian(body.size(), 4) + "\0\0"s;
  }
};

std::string fault_of(const std::string& bytes) {
  const auto members = read_stored_zip(bytes, "m.skops");
  return members ? "" : members.error().message;
}

TEST(StoredZip, GivesTheMembers) {
  const std::string bytes = Zip{{{"a", "one"}, {"b", ""}}}.bytes();
  const auto members = read_stored_zip(bytes, "m");
  ASSERT_TRUE(members) << members.error().describe();
  EXPECT_EQ(members->size(), 2U);
  EXPECT_EQ(members->at("a"), "one");
}

TEST(StoredZip, IsStrict) {
  const Zip good{{{"a", "one"}}};
  EXPECT_EQ(fault_of(""), "the archive is cut off");
  EXPECT_NE(fault_of(good.bytes() + "x").find("something behind its end"), std::string::npos);
  EXPECT_NE(fault_of("x" + good.bytes()).find("directory is not where"), std::string::npos);
  EXPECT_NE(fault_of(Zip{{{"a", "one"}}, 8}.bytes()).find("compressed or encrypted"), std::string::npos);
  EXPECT_NE(fault_of(Zip{{{"a", "one"}}, 0, 1}.bytes()).find("compressed or encrypted"), std::string::npos);
  EXPECT_EQ(fault_of(Zip{{{"a", "one"}, {"a", "two"}}}.bytes()), "the member a is there twice");
  EXPECT_NE(fault_of(Zip{{{"a", "one"}}, 0, 0, 99}.bytes()).find("is cut off"), std::string::npos);
  for (const std::string name : {"", "a/b", "..\\b", "c:d"})
    EXPECT_NE(fault_of(Zip{{{name, "one"}}}.bytes()).find("leads to a folder"), std::string::npos) << name;
  std::string damaged = good.bytes();
  damaged[damaged.find("one")] = 'O';
  EXPECT_NE(fault_of(damaged).find("checksum"), std::string::npos);
  const std::string bytes = good.bytes();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_NE(fault_of(bytes.substr(0, length)), "");
}

std::string npy(const std::string& header, const std::string& content = "") {
  std::string padded = header;
  while ((10 + padded.size() + 1) % 64 != 0) padded += ' ';
  padded += '\n';
  return "\x93NUMPY\x01\x00"s + little_endian(padded.size(), 2) + padded + content;
}

TEST(Npy, ReadsWhatNumpyWrites) {
  const std::string file = npy("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2), }", "content");
  const auto array = read_npy(file);
  ASSERT_TRUE(array);
  EXPECT_EQ(array->type, "<f8");
  EXPECT_TRUE(array->column_major);
  EXPECT_EQ(array->shape, (std::vector<std::size_t>{3, 2}));
  EXPECT_EQ(array->bytes, "content");
  EXPECT_TRUE(read_npy(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }"))->shape.empty());
  EXPECT_EQ(read_npy(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (5,), }"))->shape.size(), 1U);
}

TEST(Npy, RefusesAllElse) {
  for (const char* header :
       {"", "{'descr': '<f8', 'fortran_order': False, 'shape': (3), }",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (3,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3,)",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), } x", "{'descr': '<f8",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999,), }"})
    EXPECT_FALSE(read_npy(npy(header))) << header;
  EXPECT_FALSE(read_npy("\x93NUMPY\x02\x00\x10\x00"s));
  EXPECT_FALSE(read_npy("\x93NUMPY\x01\x00\xff\xff"s));
}

Expected<Pickled> schema(const std::string& json) {
  static std::string bytes;
  bytes = Zip{{{"schema.json", json},
               {"1.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", "12345678")}}}
              .bytes();
  return read_skops(bytes, "m.skops");
}
std::string node(const std::string& loader, const std::string& members) {
  return R"({"__class__":"C","__module__":"m","__loader__":")" + loader + "\"," + members +
         R"(,"protocol":2})";
}

TEST(SkopsFile, ReadsNodes) {
  const auto kind = [](const std::string& json) {
    const auto read = schema(json);
    EXPECT_TRUE(read) << json << read.error().describe();
    return read ? read->values[read->root].kind : ValueKind::kOpaque;
  };
  EXPECT_EQ(kind(node("JsonNode", R"("content":"null")")), ValueKind::kNone);
  EXPECT_EQ(kind(node("JsonNode", R"("content":"true")")), ValueKind::kTruth);
  EXPECT_EQ(kind(node("JsonNode", R"("content":"-3")")), ValueKind::kInteger);
  EXPECT_EQ(kind(node("JsonNode", R"("content":"0.5")")), ValueKind::kReal);
  EXPECT_EQ(kind(node("JsonNode", R"("content":"\"pf\"")")), ValueKind::kText);
  EXPECT_EQ(kind(node("JsonNode", R"("content":"NaN")")), ValueKind::kOpaque);
  EXPECT_EQ(kind(node("ListNode", R"("content":[])")), ValueKind::kList);
  EXPECT_EQ(kind(node("TupleNode", R"("content":[])")), ValueKind::kTuple);
  EXPECT_EQ(kind(node("DictNode", R"("content":{})")), ValueKind::kDict);
  EXPECT_EQ(kind(node("FunctionNode", R"("content":{})")), ValueKind::kGlobal);
  EXPECT_EQ(kind(node("NdArrayNode", R"("type":"numpy","file":"1.npy")")), ValueKind::kArray);
  EXPECT_EQ(kind(node("NdArrayNode", R"("type":"json","content":[])")), ValueKind::kList);
  EXPECT_EQ(kind(node("SparseMatrixNode", R"("file":"x.npz")")), ValueKind::kOpaque);
  const auto object = schema(node("ObjectNode", R"("content":)" + node("DictNode", R"("content":{})")));
  EXPECT_EQ(described(object->values, object->root), "the class m.C");
}

TEST(SkopsFile, RefusesAllElse) {
  const auto fault = [](const std::string& json) {
    const auto read = schema(json);
    return read ? std::string() : read.error().message;
  };
  EXPECT_NE(fault(R"({"__loader__":"JsonNode","content":"1","protocol":3})").find("protocol 2"),
            std::string::npos);
  EXPECT_NE(fault(node("CachedNode", R"("id":1)")).find("CachedNode"), std::string::npos);
  EXPECT_NE(fault(node("NdArrayNode", R"("type":"numpy","file":"2.npy")")).find("is not there"),
            std::string::npos);
  EXPECT_NE(fault(node("NdArrayNode", R"("type":"numpy","file":"schema.json")")).find("no header"),
            std::string::npos);
  EXPECT_NE(fault(node("ListNode", R"("content":7)")).find("no content"), std::string::npos);
  EXPECT_NE(fault(R"({"protocol":2})").find("is no node"), std::string::npos);
  EXPECT_FALSE(fault("[").empty());
  std::string deep = node("JsonNode", R"("content":"1")");
  for (int i = 0; i < 40; ++i) deep = node("ListNode", "\"content\":[" + deep + "]");
  EXPECT_FALSE(fault(deep).empty());
  EXPECT_EQ(read_skops(Zip{{{"other", ""}}}.bytes(), "m").error().message, "the archive has no schema.json");
}

}  // namespace
}  // namespace joulecast::sklearn
