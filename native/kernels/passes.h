// Passes over the elements of two tensors: each computes a number of each pair of elements, and
// adds the numbers up in the order of libtorch's sum.
//
// passes_body.h defines them. They are compiled twice, for every processor (passes.cc) and for AVX2
// (passes_avx2.cc), and give the same bits.
#pragma once

#include <cstdint>

namespace torch_losses::kernels::passes {

// Memory for a number for each element. Null if a pass does not use it.
template <typename T>
struct Operands {
  const T* left = nullptr;
  const T* right = nullptr;
  T* write = nullptr;
  T number{};
};

// Runs the pass on the elements from `begin` to `end`, and returns the sum of its numbers in one
// thread's order.
template <typename T>
using Pass = T (*)(const Operands<T>& operands, int64_t begin, int64_t end);

// In the formulas, a and b are the elements, and p is the parameter.
template <typename T>
struct Passes {
  Pass<T> value;           // a
  Pass<T> squared_error;   // (a − b)²
  Pass<T> smooth_l1;       // of a − b; p: beta
  Pass<T> huber;           // of a − b; p: delta
  Pass<T> absolute_error;  // |a − b|; writes a − b
};

// Returns the passes for the instructions that libtorch uses.
template <typename T>
const Passes<T>& fastest();

// Returns the passes for AVX2, or null if the compiler could not make them.
template <typename T>
const Passes<T>* avx2();

}  // namespace torch_losses::kernels::passes
