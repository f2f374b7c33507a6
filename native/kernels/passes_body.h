// The passes, for the instructions that the file which includes this is compiled for. Functions of
// other headers have no place here: the linker might keep that copy of them for all.
//
// Each operation is rounded on its own, as in libtorch's kernels; the files are compiled without
// contraction.
//
// Source of the order of sums: ATen/native/cpu/SumKernel.cpp (cascade_sum). Source of the formulas:
// ATen/native/cpu/BinaryOpsKernel.cpp, ATen/native/Loss.cpp, torch/nn/functional.py.
#pragma once

#include "kernels/passes.h"

namespace torch_losses::kernels::passes {
namespace {

#ifdef __AVX2__
constexpr int64_t kRegister = 32;
#else
constexpr int64_t kRegister = 16;
#endif

// A register of numbers.
template <typename T>
struct Register {
  typedef T Type __attribute__((vector_size(kRegister)));
};

// --- one place in the operands -------------------------------------------------------------------

// V is a number, or a register of numbers.
template <typename T, typename V>
struct Place {
  const Operands<T>& operands;
  const int64_t index;
  const T number = operands.number;

  V left() const { return read(operands.left); }
  V right() const { return read(operands.right); }

  void write(V value) const {
    if (operands.write != nullptr) __builtin_memcpy(operands.write + index, &value, sizeof(V));
  }

 private:
  V read(const T* from) const {
    V value;
    __builtin_memcpy(&value, from + index, sizeof(V));
    return value;
  }
};

// --- what the passes make of a place -------------------------------------------------------------

// The sign of a zero is left open: a sum does not show it.
template <typename V>
V absolute(V value) {
  return value < -value ? -value : value;
}

constexpr auto value = [](auto at) { return at.left(); };

constexpr auto squared_error = [](auto at) {
  const auto error = at.left() - at.right();
  return error * error;
};

constexpr auto smooth_l1 = []<typename T, typename V>(Place<T, V> at) {
  const V error = absolute(at.left() - at.right());
  const T half = 0.5;
  const V squared = half * error * error / at.number;
  const V linear = error - half * at.number;
  return error < at.number ? squared : linear;
};

constexpr auto huber = []<typename T, typename V>(Place<T, V> at) {
  const V error = absolute(at.left() - at.right());
  const T half = 0.5;
  const V squared = half * error * error;
  const V linear = at.number * (error - half * at.number);
  return error > at.number ? linear : squared;
};

constexpr auto absolute_error = [](auto at) {
  const auto error = at.left() - at.right();
  at.write(error);
  return absolute(error);
};

// --- a pass --------------------------------------------------------------------------------------

// libtorch's vectors have 32 bytes, and four of them make a row. Rows are added up in blocks, those
// in larger ones, and so on: what is added has about the same size. The steps of the levels are
// powers of two.
constexpr int kLevels = 4;
constexpr int64_t kVectorBytes = 32;
constexpr int64_t kVectorsOfRow = 4;

// Returns the exponent of the first level's step, which is a power of two.
inline int64_t level_power(int64_t rows) {
  const int64_t least = 4;
  const int64_t bits = rows <= 2 ? 1 : 64 - __builtin_clzll(rows - 1);
  return bits / kLevels > least ? bits / kLevels : least;
}

// Adds the elements that fill no vector. They are at most one row of single numbers.
template <auto kMake, typename T>
T sum_of_few(const Operands<T>& operands, int64_t begin, int64_t end) {
  T sums[kVectorsOfRow] = {};
  int64_t index = begin;
  if (end - begin >= kVectorsOfRow) {
    for (T& sum : sums) sum += kMake(Place<T, T>{operands, index++});
  }
  while (index < end) sums[0] += kMake(Place<T, T>{operands, index++});
  return sums[0] + sums[1] + sums[2] + sums[3];
}

template <auto kMake, typename T>
T run(const Operands<T>& given, int64_t begin, int64_t end) {
  using V = typename Register<T>::Type;
  constexpr int64_t kWidth = kRegister / sizeof(T);
  constexpr int64_t kVector = kVectorBytes / sizeof(T);
  constexpr int64_t kRow = kVectorsOfRow * kVector;
  constexpr int64_t kRegisters = kRow / kWidth;

  const Operands<T> operands = given;  // whose address nobody knows: what is written is elsewhere
  if (end - begin < kVector) return sum_of_few<kMake>(operands, begin, end);

  const int64_t vectors = (end - begin) / kVector;
  const int64_t rows = vectors / kVectorsOfRow;
  const int64_t power = level_power(rows);
  const int64_t step = int64_t{1} << power;

  V sums[kLevels][kRegisters] = {};
  int64_t index = begin;
  const auto add_rows = [&](int64_t count) {
    V of_rows[kRegisters];
    __builtin_memcpy(of_rows, sums[0], sizeof(of_rows));
    for (int64_t row = 0; row < count; ++row) {
#pragma GCC unroll 8
      for (int64_t i = 0; i < kRegisters; ++i) {
        of_rows[i] += kMake(Place<T, V>{operands, index + i * kWidth});
      }
      index += kRow;
    }
    __builtin_memcpy(sums[0], of_rows, sizeof(of_rows));
  };

  int64_t row = 0;
  while (row + step <= rows) {
    add_rows(step);
    row += step;
    for (int level = 1; level < kLevels; ++level) {
      for (int64_t i = 0; i < kRegisters; ++i) {
        sums[level][i] += sums[level - 1][i];
        sums[level - 1][i] = V{};
      }
      const int64_t mask = (step - 1) << (level * power);
      if ((row & mask) != 0) break;
    }
  }
  add_rows(rows - row);
  for (int level = 1; level < kLevels; ++level) {
    for (int64_t i = 0; i < kRegisters; ++i) sums[0][i] += sums[level][i];
  }

  T lanes[kRow];
  __builtin_memcpy(lanes, sums[0], sizeof(lanes));
  for (int64_t vector = rows * kVectorsOfRow; vector < vectors; ++vector) {
    for (int64_t lane = 0; lane < kVector; ++lane) {
      lanes[lane] += kMake(Place<T, T>{operands, index++});
    }
  }
  for (int64_t lane = kVector; lane < kRow; ++lane) lanes[lane % kVector] += lanes[lane];

  T sum = 0;
  while (index < end) sum += kMake(Place<T, T>{operands, index++});
  for (int64_t lane = 0; lane < kVector; ++lane) sum += lanes[lane];
  return sum;
}

template <typename T>
constexpr Passes<T> kPasses{
    .value = run<value, T>,
    .squared_error = run<squared_error, T>,
    .smooth_l1 = run<smooth_l1, T>,
    .huber = run<huber, T>,
    .absolute_error = run<absolute_error, T>,
};

}  // namespace
}  // namespace torch_losses::kernels::passes
