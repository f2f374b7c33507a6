// Some rows of a matrix at a time, in the lanes of registers: for what goes along a row in order,
// each step waiting for the one before.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "bindings/small_work.h"
#include "kernels/plain.h"

namespace torch_losses::margins {

constexpr int kRows = 8;  // of a block

// --- registers -----------------------------------------------------------------------------------

// A column of some rows, or a row of some columns.
template <typename T>
struct RegisterOf {
  typedef T Type __attribute__((vector_size(16)));
};
template <typename T>
using Register = typename RegisterOf<T>::Type;
template <typename T>
constexpr int kWidth = sizeof(Register<T>) / sizeof(T);

// As many rows as columns.
template <typename T>
using Tile = std::array<Register<T>, kWidth<T>>;

// A block has so many registers in a column.
template <typename T>
constexpr int kParts = kRows / kWidth<T>;
// A number for each row.
template <typename T>
using Lanes = std::array<Register<T>, kParts<T>>;

template <typename T>
T& lane(Lanes<T>& lanes, int row) {
  return reinterpret_cast<T*>(lanes.data())[row];
}

// The elements at these positions of two registers, counted through both.
template <auto... Positions, typename T>
T shuffle(T left, T right) {
#if __has_builtin(__builtin_shufflevector)
  return __builtin_shufflevector(left, right, Positions...);
#else  // GCC 11
  return __builtin_shuffle(left, right, decltype(left < right){Positions...});
#endif
}

inline void transpose(Tile<float>& tile) {
  const auto [a, b, c, d] = tile;
  const auto ab_low = shuffle<0, 4, 1, 5>(a, b);
  const auto ab_high = shuffle<2, 6, 3, 7>(a, b);
  const auto cd_low = shuffle<0, 4, 1, 5>(c, d);
  const auto cd_high = shuffle<2, 6, 3, 7>(c, d);
  tile = {shuffle<0, 1, 4, 5>(ab_low, cd_low), shuffle<2, 3, 6, 7>(ab_low, cd_low),
          shuffle<0, 1, 4, 5>(ab_high, cd_high), shuffle<2, 3, 6, 7>(ab_high, cd_high)};
}

inline void transpose(Tile<double>& tile) {
  const auto [a, b] = tile;
  tile = {shuffle<0, 2>(a, b), shuffle<1, 3>(a, b)};
}

// --- blocks --------------------------------------------------------------------------------------

// Some rows of a matrix. Where it ends before the block does, its last row stands for those
// missing: what is computed of it is the same each time.
template <typename T>
class Block {
 public:
  Block(const at::Tensor& input, int64_t first)
      : columns(input.size(1)),
        first_(first),
        last_(input.size(0) - 1),
        numbers_(input.const_data_ptr<T>()) {}

  const int64_t columns;

  int64_t index(int row) const { return std::min(first_ + row, last_); }
  int64_t rows() const { return std::min<int64_t>(kRows, last_ - first_ + 1); }
  T at(int row, int64_t column) const { return numbers_[index(row) * columns + column]; }

  // Calls `visit(part, column, count, tile)`: of one part of the rows, `count` columns from
  // `column` on.
  template <typename Visit>
  void for_tiles(Visit visit) const {
    for (int64_t column = 0; column < columns; column += kWidth<T>) {
      const int64_t count = std::min<int64_t>(kWidth<T>, columns - column);
      for (int part = 0; part < kParts<T>; ++part) {
        Tile<T> tile{};
        for (int i = 0; i < kWidth<T>; ++i) {
          copy(numbers_ + index(part * kWidth<T> + i) * columns + column, &tile[i], count);
        }
        transpose(tile);
        visit(part, column, count, tile);
      }
    }
  }

  // Writes such a tile to a matrix.
  void write(int part, int64_t column, int64_t count, Tile<T> tile, T* results) const {
    transpose(tile);
    for (int i = 0; i < kWidth<T>; ++i) {
      copy(&tile[i], results + index(part * kWidth<T> + i) * columns + column, count);
    }
  }

 private:
  // Of a constant size where it can be: one instruction.
  static void copy(const void* from, void* to, int64_t count) {
    if (count == kWidth<T>) {
      std::memcpy(to, from, sizeof(Register<T>));
    } else {
      std::memcpy(to, from, count * sizeof(T));
    }
  }

  int64_t first_;
  int64_t last_;
  const T* numbers_;
};

// The gradients of rows: that of the whole loss, or their own.
template <typename T>
Lanes<T> factors_of(const at::Tensor& gradient, const Block<T>& block) {
  const T* numbers = gradient.const_data_ptr<T>();
  Lanes<T> result;
  for (int row = 0; row < kRows; ++row) {
    lane<T>(result, row) = numbers[gradient.dim() == 0 ? 0 : block.index(row)];
  }
  return result;
}

// Calls `run` with the first row of each block, on libtorch's threads; false where one of them is.
template <typename Run>
bool for_blocks(const at::Tensor& input, Run run) {
  const int64_t rows = input.size(0);
  const int64_t grain = std::max<int64_t>(1, at::internal::GRAIN_SIZE / (kRows * input.size(1)));
  std::atomic<bool> is_open = false;
  parallel_for(at::divup(rows, kRows), grain, [&](int64_t, int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      if (!run(block * kRows)) is_open = true;
    }
  });
  return !is_open;
}

// --- operands and results ------------------------------------------------------------------------

// A score that exceeds none.
template <typename T>
constexpr T kNever = -std::numeric_limits<T>::infinity();

// Whether there are rows enough to fill a block by half, at least.
inline bool is_matrix(const at::Tensor& input) {
  return plain::is_plain(input) && input.dim() == 2 && input.is_contiguous() &&
         input.size(0) >= kRows / 2;
}

inline bool are_integers(const at::Tensor& target, at::IntArrayRef sizes) {
  return target.scalar_type() == at::kLong && plain::is_undisguised(target) &&
         target.is_contiguous() && target.sizes() == sizes;
}

inline bool are_finite(const at::Tensor& tensor) {
  return plain::with_type_of(tensor, [&]<typename T>(T) {
    return std::ranges::all_of(std::span(tensor.const_data_ptr<T>(), tensor.numel()),
                               [](T number) { return std::isfinite(number); });
  });
}

// The loss of the rows' sums; in libtorch's order of divisions, of which it leaves one to `sums`.
template <typename T>
at::Tensor loss_of_rows(at::Tensor sums, int64_t reduction, int64_t divisor) {
  if (reduction == at::Reduction::None) return sums;
  at::Tensor loss = plain::empty({}, sums.scalar_type());
  double total = 0;
  for (const T sum : std::span(sums.const_data_ptr<T>(), sums.numel())) total += sum;
  total /= static_cast<double>(divisor);
  if (reduction == at::Reduction::Mean) total /= static_cast<double>(sums.numel());
  *loss.mutable_data_ptr<T>() = static_cast<T>(total);
  return loss;
}

// What each element of a row adds to the loss, and to gradients.
template <typename T>
T share(int64_t reduction, int64_t rows, int64_t columns) {
  const int64_t elements = reduction == at::Reduction::Mean ? rows * columns : columns;
  return static_cast<T>(1. / static_cast<double>(elements));
}

}  // namespace torch_losses::margins
