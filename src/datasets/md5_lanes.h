// MD5 of several contents side by side, in vector registers where the machine has them.
//
// One MD5 is a chain of additions, each of which waits for the one before, so a processor computes it at the
// pace of that chain however wide it is. Several contents have nothing to wait for from each other: each
// takes a lane.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "datasets/md5.h"

namespace joulecast::datasets {

/// As many contents as are worth being computed at once here: 16 (AVX-512), 8 (AVX2), else 1.
std::size_t md5_lanes();

/// So many take as long one after the other.
inline constexpr std::size_t kLanesWorthVectors = 4;

/// A content's blocks of 64 bytes, and how far its MD5 has come: `context` has seen whole blocks alone.
struct Md5Lane {
  MD5_CTX* context = nullptr;
  const unsigned char* data = nullptr;
};
/// Adds `blocks` blocks to each of at most 16 lanes. Too few for vectors are added one after the other.
/// `machine` is md5_lanes(), or less as a lesser machine would have it.
void add_blocks(std::span<const Md5Lane> lanes, std::size_t blocks, std::size_t machine = md5_lanes());

/// MD5 of each file, in the order given, on `jobs` threads (0: all cores); those that are long are best given
/// first. Error kUnreadable, each for itself.
std::vector<Expected<std::string>> md5_of_files(const std::vector<std::filesystem::path>& files,
                                                HashKind kind, std::size_t jobs);

}  // namespace joulecast::datasets
