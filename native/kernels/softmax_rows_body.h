// The kernels, for the instructions that `Isa` stands for. Functions of other headers have no place
// here: the linker might keep that copy of them for all.
//
// Which operations are contracted is written out, as in libtorch's kernels; the files are compiled
// without contraction.
//
// Source of the order of operations: ATen/native/cpu/SoftMaxKernel.cpp (vec_log_softmax_lastdim,
// vec_host_softmax_backward_lastdim) and ATen/cpu/vec/functional_base.h (reduce_all). Source of
// exp: SLEEF's expf of 1.0 ulp, which libtorch's registers use (src/libm/sleefsimdsp.c).
#pragma once

#include <immintrin.h>

#include "kernels/softmax_rows.h"

namespace torch_losses::kernels::softmax_rows {
namespace {

// Computes SLEEF's exponential, for numbers up to 0 and NaN.
template <typename Isa>
auto exp(typename Isa::Register d) {
  using Register = typename Isa::Register;
  const auto all = Isa::all;
  const auto quotient = Isa::round(d * all(1.442695040888963407359924681f));
  const Register q = Isa::number(quotient);
  Register s = Isa::fma(q, all(-0.693145751953125f), d);
  s = Isa::fma(q, all(-1.428606765330187045e-06f), s);
  Register u = all(0.000198527617612853646278381f);
  u = Isa::fma(u, s, all(0.00139304355252534151077271f));
  u = Isa::fma(u, s, all(0.00833336077630519866943359f));
  u = Isa::fma(u, s, all(0.0416664853692054748535156f));
  u = Isa::fma(u, s, all(0.166666671633720397949219f));
  u = Isa::fma(u, s, all(0.5f));
  u = all(1) + Isa::fma(s * s, u, s);
  return Isa::zero_where_less(d, -104, Isa::times_power_of_two(u, quotient));
}

// Calls `full` for each full register of a row, and `rest` for the remaining elements, if there are
// any.
template <typename Isa, typename Full, typename Part>
[[gnu::always_inline]] inline void for_registers(int64_t columns, Full full, Part part) {
  int64_t column = 0;
  for (; column + Isa::kWidth <= columns; column += Isa::kWidth) full(column);
  if (column < columns) part(column, Isa::first(columns - column));
}

// Reduces a row to one number, by an operation on registers and one on numbers. A row that is
// shorter than a register is reduced number by number.
template <typename Isa, typename Map, typename Registers, typename Numbers>
[[gnu::always_inline]] inline float reduced(const float* row, int64_t columns, Map map,
                                            Registers registers, Numbers numbers) {
  using Register = typename Isa::Register;
  if (columns < Isa::kWidth) {
    const Register mapped = map(Isa::load(row, Isa::first(columns)));
    float result = mapped[0];
    for (int64_t column = 1; column < columns; ++column) {
      result = numbers(result, mapped[column]);
    }
    return result;
  }
  Register total = map(Isa::load(row));
  for_registers<Isa>(
      columns - Isa::kWidth,
      [&](int64_t column) { total = registers(total, map(Isa::load(row + Isa::kWidth + column))); },
      [&](int64_t column, auto mask) {
        const Register last = map(Isa::load(row + Isa::kWidth + column, mask));
        total = Isa::select(mask, registers(total, last), total);
      });
  return Isa::reduced(total, registers);
}

template <typename Isa>
float greatest(const float* row, int64_t columns) {
  using Register = typename Isa::Register;
  return reduced<Isa>(
      row, columns, [](Register x) { return x; },
      [](Register x, Register y) { return x > y ? x : y; },
      [](float x, float y) { return x > y ? x : y; });
}

template <typename Isa>
float sum_of_exp(const float* row, int64_t columns, float shift) {
  using Register = typename Isa::Register;
  return reduced<Isa>(
      row, columns, [&](Register x) { return exp<Isa>(x - shift); },
      [](Register x, Register y) { return x + y; }, [](float x, float y) { return x + y; });
}

template <typename Isa>
bool forward(const Forward& operands, const Library& library, int64_t begin, int64_t end) {
  using Register = typename Isa::Register;
  const auto log = reinterpret_cast<Register (*)(Register)>(library.log);
  const int64_t columns = operands.columns;
  // The number of rows that fit into the first cache, at least one. `log` takes all of them at
  // once.
  const int64_t fitting = 8192 / columns;
  const int64_t step = fitting < 1 ? 1 : fitting < Isa::kWidth ? fitting : Isa::kWidth;
  for (int64_t first = begin; first < end; first += step) {
    const int64_t rows = end - first < step ? end - first : step;
    Register maxima{};
    Register sums = Isa::all(1);
    for (int64_t i = 0; i < rows; ++i) {
      const float* row = operands.input + (first + i) * columns;
      maxima[i] = greatest<Isa>(row, columns);
      sums[i] = sum_of_exp<Isa>(row, columns, maxima[i]);
      if (sums[i] != sums[i]) return false;
    }
    const Register logs = log(sums);
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t place = (first + i) * columns;
      const float* row = operands.input + place;
      const int64_t target = operands.targets[first + i];
      if (target >= 0) operands.chosen[first + i] = row[target] - maxima[i] - logs[i];
      if (operands.results == nullptr) continue;
      float* results = operands.results + place;
      const float max = maxima[i];
      const float log_of_sum = logs[i];
      for_registers<Isa>(
          columns,
          [&](int64_t column) {
            Isa::store(results + column, Isa::load(row + column) - max - log_of_sum);
          },
          [&](int64_t column, auto mask) {
            Isa::store(results + column, Isa::load(row + column, mask) - max - log_of_sum, mask);
          });
    }
  }
  return true;
}

template <typename Isa>
bool backward(const Backward& operands, int64_t begin, int64_t end) {
  using Register = typename Isa::Register;
  // libtorch's operation is contracted.
  const auto less_product = [](float from, Register factor, float sum) {
    return Isa::fma(-factor, Isa::all(sum), Isa::all(from));
  };
  const int64_t columns = operands.columns;
  for (int64_t row = begin; row < end; ++row) {
    const float* results = operands.results + row * columns;
    float* to = operands.input_gradients + row * columns;
    const int64_t target = operands.targets[row];
    const float gradient = target < 0 ? 0 : operands.gradients[row];
    // The sum of the gradient's zeros and its one other number.
    const float sum = columns == 1 ? gradient : gradient + 0.0F;
    Register nans{};
    for_registers<Isa>(
        columns,
        [&](int64_t column) {
          const Register value = less_product(0, exp<Isa>(Isa::load(results + column)), sum);
          nans += value - value;
          Isa::store(to + column, value);
        },
        [&](int64_t column, auto mask) {
          const Register value = less_product(0, exp<Isa>(Isa::load(results + column, mask)), sum);
          nans += value - value;
          Isa::store(to + column, value, mask);
        });
    for (int64_t lane = 0; lane < Isa::kWidth; ++lane) {
      if (nans[lane] != 0) return false;
    }
    if (target < 0) continue;
    to[target] = less_product(gradient, exp<Isa>(Isa::all(results[target])), sum)[0];
  }
  return true;
}

template <typename Isa>
constexpr Kernels kKernels = {Isa::kLog, forward<Isa>, backward<Isa>};

}  // namespace
}  // namespace torch_losses::kernels::softmax_rows
