// Passes over the elements of two tensors: each computes a number of each pair of elements, and
// adds the numbers up in the order of libtorch's sum.
//
// passes_body.h defines them. They are compiled twice, for every processor (passes.cc) and for AVX2
// (passes_avx2.cc), and give the same bits.
#pragma once

#include <cstdint>

namespace torch_losses::kernels::passes {

// Memory for one number for each element; null if a pass does not use it.
template <typename T>
struct Operands {
  const T* left = nullptr;
  const T* right = nullptr;
  T* write = nullptr;
  T number{};
};

// The sum of what the pass makes of elements `begin` to `end`: that of one thread.
template <typename T>
using Pass = T (*)(const Operands<T>& operands, int64_t begin, int64_t end);

// a and b are the elements read, p is the number.
template <typename T>
struct Passes {
  Pass<T> value;           // a
  Pass<T> squared_error;   // (a − b)²
  Pass<T> smooth_l1;       // of a − b; p: beta
  Pass<T> huber;           // of a − b; p: delta
  Pass<T> absolute_error;  // |a − b|; writes a − b
};

// Those of the instructions that libtorch uses.
template <typename T>
const Passes<T>& fastest();

// What only a processor with AVX2 runs; null where this was not compiled for such.
template <typename T>
const Passes<T>* avx2();

}  // namespace torch_losses::kernels::passes
