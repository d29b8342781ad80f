// Tiles of matrix products by what they must obey.
#include "cost_model/physical/kernel_tiles.h"

#include <gtest/gtest.h>

namespace joulecast {
namespace {

TEST(KernelTiles, WavesAreWhole) {
  EXPECT_EQ(whole_waves(16.0, 16.0), 1.0);
  EXPECT_EQ(whole_waves(17.0, 16.0), 32.0 / 17.0);
  EXPECT_EQ(whole_waves(1.0, 16.0), 16.0);
  EXPECT_EQ(whole_waves(17.0, 0.0), 1.0);
}

TEST(KernelTiles, ComputeNeverLessThanTheProduct) {
  for (const double rows : {1.0, 16.0, 49.0, 784.0, 12544.0})
    for (const double columns : {8.0, 64.0, 184.0, 2048.0})
      for (const double depth : {27.0, 64.0, 1152.0})
        for (const double processors : {0.0, 2.0, 108.0})
          EXPECT_GT(choose_tiles({rows, columns, depth, 1.0}, processors).share, 1.0);
}

TEST(KernelTiles, MoreRowsOrColumnsAreNeverLessWork) {
  for (const double processors : {0.0, 2.0, 108.0}) {
    double before = 0.0;
    for (double rows = 1.0; rows < 5000.0; rows += 13.0) {
      const MatrixShape product{rows, 256.0, 512.0, 1.0};
      const double work = choose_tiles(product, processors).share * rows;
      EXPECT_GE(work, before * (1.0 - 1e-12)) << rows;
      before = work;
    }
  }
}

TEST(KernelTiles, LargeProductsLeaveLittleInVain) {
  const double large = choose_tiles({1e5, 4096.0, 4096.0, 1.0}, 108.0).share;
  EXPECT_LT(large, 1.6);
  EXPECT_GT(choose_tiles({16.0, 92.0, 92.0, 1.0}, 108.0).share, 3.0 * large);
}

TEST(KernelTiles, AProductOfFewTilesIsCutAlongItsInnerLength) {
  EXPECT_GT(choose_tiles({49.0, 512.0, 4608.0, 1.0}, 108.0).splits, 1.0);
  EXPECT_EQ(choose_tiles({1e5, 512.0, 4608.0, 1.0}, 108.0).splits, 1.0);
  EXPECT_EQ(choose_tiles({49.0, 512.0, 4608.0, 1.0}, 0.0).splits, 1.0);
}

TEST(KernelTiles, AWaveIsComputedWhole) {
  // One tile more than a wave holds takes nearly as long as a second wave; what waves cost is seen by a
  // device that is not known.
  const MatrixShape product{128.0 * 109.0, 128.0, 64.0, 1.0};
  EXPECT_GT(choose_tiles(product, 108.0).share, choose_tiles(product, 0.0).share);
}

TEST(KernelTiles, NoProductIsNoWork) {
  EXPECT_EQ(choose_tiles({}, 108.0).share, 1.0);
  EXPECT_EQ(choose_tiles({}, 108.0).splits, 1.0);
}

}  // namespace
}  // namespace joulecast
