// Source of the formulas: ATen/native/LossMultiMargin.cpp.
#include "kernels/margins.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/row_blocks.h"
#include "kernels/shortcuts.h"
#include "losses/snapshot.h"

namespace torch_losses::margins {
namespace {

using plain::empty;
using plain::with_type_of;

// Columns: the sums of shorter rows do not wait long, and libtorch's way is the shorter one.
constexpr int64_t kWorthBlocks = 32;

template <typename T>
struct ClassBlock : Block<T> {
  std::array<int64_t, kRows> targets;
  Lanes<T> shift;  // what is added to a score for its excess
  Lanes<T> weight;
  bool has_classes;  // else nothing is to be computed of it

  ClassBlock(const MultiMargin& loss, int64_t first) : Block<T>(loss.input, first) {
    const T* weights = loss.weight ? loss.weight->const_data_ptr<T>() : nullptr;
    for (int row = 0; row < kRows; ++row) {
      targets[row] = read_once(loss.target.const_data_ptr<int64_t>() + this->index(row));
    }
    has_classes = std::ranges::all_of(
        targets, [&](int64_t target) { return target >= 0 && target < this->columns; });
    if (!has_classes) return;
    for (int row = 0; row < kRows; ++row) {
      const int64_t target = targets[row];
      lane<T>(shift, row) = static_cast<T>(loss.margin) - this->at(row, target);
      lane<T>(weight, row) = weights == nullptr ? T{1} : weights[target];
    }
  }

  // The same as for_tiles, of excesses. A target never exceeds.
  template <typename Visit>
  void for_excesses(Visit visit) const {
    std::array<int64_t, kRows + 1> stops;
    std::ranges::copy(targets, stops.begin());
    stops.back() = this->columns;
    std::sort(stops.begin(), stops.end());
    auto stop = stops.begin();
    this->for_tiles([&](int part, int64_t column, int64_t count, Tile<T> tile) {
      for (auto& scores : tile) scores += shift[part];
      while (*stop < column) ++stop;
      if (*stop < column + count) {
        for (int i = 0; i < kWidth<T>; ++i) {
          const int64_t offset = targets[part * kWidth<T> + i] - column;
          if (offset >= 0 && offset < count) tile[offset][i] = kNever<T>;
        }
      }
      visit(part, column, count, tile);
    });
  }
};

template <bool kIsSquared, typename T>
bool sum_rows(const MultiMargin& loss, int64_t first, T* sums) {
  const ClassBlock<T> block(loss, first);
  if (!block.has_classes) return false;
  Lanes<T> totals{};
  block.for_excesses([&](int part, int64_t, int64_t count, const Tile<T>& tile) {
    for (int64_t i = 0; i < count; ++i) {
      const Register<T> z = tile[i];
      const Register<T> h = (kIsSquared ? z * z : z) * block.weight[part];
      totals[part] += z > 0 ? h : Register<T>{};
    }
  });
  for (int row = 0; row < block.rows(); ++row) {
    sums[first + row] = lane<T>(totals, row) / static_cast<T>(block.columns);
  }
  return true;
}

template <bool kIsSquared, typename T>
bool differentiate_rows(const MultiMargin& loss, int64_t first, const at::Tensor& gradient,
                        T* results) {
  const ClassBlock<T> block(loss, first);
  if (!block.has_classes) return false;
  const T g = share<T>(loss.reduction, loss.input.size(0), block.columns);
  Lanes<T> factors = factors_of(gradient, block);
  Lanes<T> by_targets{};
  block.for_excesses([&](int part, int64_t column, int64_t count, Tile<T> tile) {
    for (int64_t i = 0; i < count; ++i) {
      const Register<T> z = tile[i];
      const Register<T> h = (kIsSquared ? T{2} * g * z : Register<T>{} + g) * block.weight[part];
      const Register<T> given = z > 0 ? h : Register<T>{};
      by_targets[part] -= given;
      tile[i] = given * factors[part];
    }
    block.write(part, column, count, tile, results);
  });
  for (int row = 0; row < kRows; ++row) {
    results[block.index(row) * block.columns + block.targets[row]] =
        lane<T>(by_targets, row) * lane<T>(factors, row);
  }
  return true;
}

}  // namespace

bool takes(const MultiMargin& loss) {
  const auto& [input, target, p, margin, weight, reduction] = loss;
  if (!is_matrix(input) || input.size(1) < kWorthBlocks || (p != 1 && p != 2)) return false;
  if (!are_integers(target, input.sizes().slice(0, 1))) return false;
  const bool has_weights =
      !weight || (plain::is_plain(input, *weight) && weight->is_contiguous() &&
                  weight->dim() == 1 && weight->numel() == input.size(1) && are_finite(*weight));
  return shortcuts::multi_margin.take_if(has_weights && std::isfinite(margin));
}

at::Tensor multi_margin(const MultiMargin& loss) {
  const at::Tensor& input = loss.input;
  at::Tensor sums = empty({input.size(0)}, input.scalar_type());
  return with_type_of(input, [&]<typename T>(T) {
    T* results = sums.mutable_data_ptr<T>();
    const bool is_done = for_blocks(input, [&](int64_t first) {
      return loss.p == 1 ? sum_rows<false>(loss, first, results)
                         : sum_rows<true>(loss, first, results);
    });
    return is_done ? loss_of_rows<T>(sums, loss.reduction, 1) : at::Tensor();
  });
}

at::Tensor multi_margin_backward(const MultiMargin& loss, const at::Tensor& gradient) {
  const at::Tensor& input = loss.input;
  if (!are_finite(gradient)) return {};
  at::Tensor result = empty(input.sizes(), input.scalar_type());
  const bool is_done = with_type_of(input, [&]<typename T>(T) {
    T* results = result.mutable_data_ptr<T>();
    return for_blocks(input, [&](int64_t first) {
      return loss.p == 1 ? differentiate_rows<false>(loss, first, gradient, results)
                         : differentiate_rows<true>(loss, first, gradient, results);
    });
  });
  return is_done ? result : at::Tensor();
}

}  // namespace torch_losses::margins
