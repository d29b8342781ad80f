// Physical predictions of a network's layers by their geometry: networks repeat their blocks, and a layer of
// the same geometry has the same cost, to the last bit. Two sums of a Gaussian process take ten times as long
// as a look here.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "cost_model/physical/train.h"
#include "joulecast/networks.h"

namespace joulecast {

/// What the physical models say of one layer.
struct PhysicalCost {
  PhysicalPrediction run_time, energy;
};

class RepeatedLayers {
 public:
  /// For a network of so many layers: find() may be called that often.
  explicit RepeatedLayers(std::size_t layers) : places_(layers == 0 ? 0 : std::bit_ceil(2 * layers), kEmpty) {
    known_.reserve(layers);
  }

  /// The cost of a layer like one before, or `compute()` of the first of its kind.
  template <class Compute>
  const PhysicalCost& find(const LayerGeometry& geometry, const Compute& compute) {
    std::size_t at = hash(geometry);
    for (;; ++at) {
      std::uint32_t& place = places_[at & (places_.size() - 1)];
      if (place == kEmpty) {
        place = static_cast<std::uint32_t>(known_.size());
        known_.push_back({geometry, compute()});
        return known_.back().cost;
      }
      if (known_[place].geometry == geometry) return known_[place].cost;
    }
  }

 private:
  static constexpr std::uint32_t kEmpty = UINT32_MAX;
  struct Known {
    LayerGeometry geometry;
    PhysicalCost cost;
  };

  /// Of the sizes by which layers differ most; others only make it look at one place more.
  static std::size_t hash(const LayerGeometry& geometry) {
    std::uint64_t mixed = static_cast<std::uint64_t>(geometry.kind);
    for (const auto& size : {geometry.input_channels, geometry.output_channels, geometry.output_height,
                             geometry.kernel_height, geometry.bytes_in, geometry.bytes_out}) {
      mixed = (mixed ^ std::bit_cast<std::uint64_t>(size.value_or(-1.0))) * 0x9e3779b97f4a7c15;
      mixed ^= mixed >> 32U;
    }
    return mixed;
  }

  std::vector<std::uint32_t> places_;
  std::vector<Known> known_;
};

}  // namespace joulecast
