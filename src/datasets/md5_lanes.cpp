#include "datasets/md5_lanes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace joulecast::datasets {
namespace {

constexpr std::size_t kBlockOfMd5 = 64;
constexpr std::size_t kWordsOfBlock = 16;
constexpr std::size_t kMostLanes = 16;
constexpr int kSteps = 64;

// RFC 1321: floor(2^32 |sin(i + 1)|), and by how much each step turns.
constexpr std::array<std::uint32_t, kSteps> kSines = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
constexpr std::array<std::array<int, 4>, 4> kTurns = {
    {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};

// Everything below is inlined into functions that are compiled for one kind of vectors, and so takes part in
// their instructions. Vectors are passed by reference: by value they would need a calling convention of their
// own.
#define JOULECAST_INLINE [[gnu::always_inline]] inline

/// Step `kStep` and those after it. `x` has the 16 words of the lanes' blocks.
template <class Vector, int kStep>
JOULECAST_INLINE void steps(Vector& a, Vector& b, Vector& c, Vector& d, const Vector* x) {
  if constexpr (kStep < kSteps) {
    constexpr int kRound = kStep / 16;
    constexpr std::array<int, 4> kWords = {kStep, 5 * kStep + 1, 3 * kStep + 5, 7 * kStep};
    constexpr int kWord = kWords[kRound] % 16;
    constexpr int kTurn = kTurns[kRound][kStep % 4];
    Vector mixed;
    if constexpr (kRound == 0)
      mixed = d ^ (b & (c ^ d));
    else if constexpr (kRound == 1)
      mixed = c ^ (d & (b ^ c));
    else if constexpr (kRound == 2)
      mixed = b ^ c ^ d;
    else
      mixed = c ^ (b | ~d);
    const Vector sum = a + mixed + x[kWord] + kSines[kStep];
    a = b + (sum << kTurn | sum >> (32 - kTurn));
    steps<Vector, kStep + 1>(d, a, b, c, x);
  }
}

using Vector8 [[gnu::vector_size(32)]] = std::uint32_t;
using Vector16 [[gnu::vector_size(64)]] = std::uint32_t;

/// Eight words of eight lanes each, as eight vectors of the lanes' first words, second words and so on.
JOULECAST_INLINE void turn_words(const unsigned char* const* data, std::size_t offset, Vector8* words) {
  std::array<Vector8, 8> rows;
  std::array<Vector8, 8> pairs;
  std::array<Vector8, 8> fours;
  for (std::size_t lane = 0; lane < rows.size(); ++lane)
    std::memcpy(&rows[lane], data[lane] + offset, sizeof(Vector8));
  for (std::size_t i = 0; i < 8; i += 2) {
    pairs[i] = __builtin_shufflevector(rows[i], rows[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(rows[i], rows[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (std::size_t i = 0; i < 8; i += 4)
    for (std::size_t k = 0; k < 2; ++k) {
      fours[i + 2 * k] = __builtin_shufflevector(pairs[i + k], pairs[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * k + 1] =
          __builtin_shufflevector(pairs[i + k], pairs[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (std::size_t i = 0; i < 4; ++i) {
    words[i] = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    words[i + 4] = __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

/// `states`: words of all lanes' states, first those of A, then B, C, D.
template <class Vector>
JOULECAST_INLINE void add_in_vectors(std::uint32_t* states, const unsigned char* const* data,
                                     std::size_t blocks) {
  constexpr std::size_t kEights = sizeof(Vector) / 32;  // of Vector8
  std::array<Vector, 4> state;
  std::memcpy(state.data(), states, sizeof(state));
  for (std::size_t block = 0; block < blocks; ++block) {
    std::array<std::array<Vector8, kEights>, kWordsOfBlock> parts;
    for (std::size_t eight = 0; eight < kEights; ++eight)
      for (std::size_t half = 0; half < 2; ++half) {
        std::array<Vector8, 8> words;
        turn_words(data + 8 * eight, block * kBlockOfMd5 + half * sizeof(Vector8), words.data());
        for (std::size_t word = 0; word < words.size(); ++word) parts[8 * half + word][eight] = words[word];
      }
    std::array<Vector, kWordsOfBlock> x;
    std::memcpy(x.data(), parts.data(), sizeof(x));
    std::array<Vector, 4> now = state;
    steps<Vector, 0>(now[0], now[1], now[2], now[3], x.data());
    for (std::size_t i = 0; i < state.size(); ++i) state[i] += now[i];
  }
  std::memcpy(states, state.data(), sizeof(state));
}

#undef JOULECAST_INLINE

using AddBlocks = void (*)(std::uint32_t* states, const unsigned char* const* data, std::size_t blocks);

#if defined(__x86_64__)
[[gnu::target("avx2")]] void add_to_8(std::uint32_t* states, const unsigned char* const* data,
                                      std::size_t blocks) {
  add_in_vectors<Vector8>(states, data, blocks);
}
/// AVX-512 turns words and mixes three of them by one instruction each.
[[gnu::target("avx512f,avx512vl")]] void add_to_8_quickly(std::uint32_t* states,
                                                          const unsigned char* const* data,
                                                          std::size_t blocks) {
  add_in_vectors<Vector8>(states, data, blocks);
}
[[gnu::target("avx512f,avx512vl")]] void add_to_16(std::uint32_t* states, const unsigned char* const* data,
                                                   std::size_t blocks) {
  add_in_vectors<Vector16>(states, data, blocks);
}
bool has_wide_vectors() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vl") != 0;
}
std::size_t widest() {
  if (has_wide_vectors()) return 16;
  return __builtin_cpu_supports("avx2") != 0 ? 8 : 1;
}
AddBlocks function_for(std::size_t width, std::size_t machine) {
  if (width == 16) return add_to_16;
  return machine == 16 ? add_to_8_quickly : add_to_8;
}
#else
std::size_t widest() {
  return 1;
}
AddBlocks function_for(std::size_t, std::size_t) {
  return nullptr;  // of no lanes
}
#endif

/// As MD5_Update counts: bits, in two words.
void count_bytes(MD5_CTX& context, std::size_t bytes) {
  const std::uint64_t bits =
      (static_cast<std::uint64_t>(context.Nh) << 32U | context.Nl) + static_cast<std::uint64_t>(bytes) * 8;
  context.Nl = static_cast<MD5_LONG>(bits);
  context.Nh = static_cast<MD5_LONG>(bits >> 32U);
}

}  // namespace

std::size_t md5_lanes() {
  static const std::size_t lanes = widest();
  return lanes;
}

void add_blocks(std::span<const Md5Lane> lanes, std::size_t blocks, std::size_t machine) {
  if (lanes.size() < kLanesWorthVectors || machine < 8) {
    for (const Md5Lane& lane : lanes) MD5_Update(lane.context, lane.data, blocks * kBlockOfMd5);
    return;
  }
  while (!lanes.empty()) {
    const std::size_t width = lanes.size() <= 8 ? 8 : machine;
    const std::size_t taken = std::min(lanes.size(), width);
    std::array<std::uint32_t, 4 * kMostLanes> states{};
    std::array<const unsigned char*, kMostLanes> data{};
    for (std::size_t i = 0; i < width; ++i) {
      const Md5Lane& lane = lanes[i < taken ? i : 0];  // lanes that are left over compute the first one again
      data[i] = lane.data;
      states[i] = lane.context->A;
      states[width + i] = lane.context->B;
      states[2 * width + i] = lane.context->C;
      states[3 * width + i] = lane.context->D;
    }
    function_for(width, machine)(states.data(), data.data(), blocks);
    for (std::size_t i = 0; i < taken; ++i) {
      MD5_CTX& context = *lanes[i].context;
      context.A = states[i];
      context.B = states[width + i];
      context.C = states[2 * width + i];
      context.D = states[3 * width + i];
      count_bytes(context, blocks * kBlockOfMd5);
    }
    lanes = lanes.subspan(taken);
  }
}

}  // namespace joulecast::datasets
