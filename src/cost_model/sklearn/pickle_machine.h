// Reads a pickle without running it.
#pragma once

#include <string_view>

#include "cost_model/sklearn/values.h"
#include "joulecast/error.h"

namespace joulecast::sklearn {

/// The values of a pickle, and which of them is the whole.
struct Pickled {
  Values values;
  ValueId root = kNoValue;
};

inline constexpr std::size_t kMaxModelBytes = std::size_t{64} << 20U;

/// Reads a pickle of protocol 2 to 5, as pickle and cloudpickle write it, by carrying its opcodes out on
/// inert values: a global is a name, a call is noted and never made. `bytes` must outlive the result. Errors,
/// all with the byte: kMalformed (cut off, not well formed, trailing bytes), kUnfit (an opcode that is not
/// read, or beyond the limits: 64 MiB, a million values, a stack of 100,000).
Expected<Pickled> read_pickle(std::string_view bytes, std::string_view source);

}  // namespace joulecast::sklearn
