// Passes over the elements of several tensors at once: what is computed of an element is written
// where a backward pass needs it, and added up in the order in which libtorch's sum adds.
//
// passes_body.h has them; they are compiled for what every processor has (passes.cc) and for AVX2
// (passes_avx2.cc), with the same bits.
#pragma once

#include <cstdint>

namespace torch_losses::kernels::passes {

// Contiguous, of one size. Null is what is not to be written.
template <typename T>
struct Operands {
  const T* read[4] = {};
  T* write[3] = {};
  bool* flags[2] = {};
  T number{};
};

// The sum of what the pass makes of elements `begin` to `end`: that of one thread.
template <typename T>
using Pass = T (*)(const Operands<T>& operands, int64_t begin, int64_t end);

// a, b, c and d are the elements read, p is the number.
template <typename T>
struct Passes {
  Pass<T> value;           // a
  Pass<T> squared_error;   // (a − b)²
  Pass<T> smooth_l1;       // of a − b; p: beta
  Pass<T> huber;           // of a − b; p: delta
  Pass<T> absolute_error;  // |a − b|; writes a − b
  Pass<T> margin_ranking;  // of a, b and target c; p: margin; writes −c, a − b, what is clamped
  Pass<T> hinge_embedding;  // of a and target b; p: margin; writes what is clamped;
                            // flags b ≠ 1 and b ≠ −1
  Pass<T> gaussian_nll;     // of a, target b, variance c and its log d; writes a − b, (a − b)²
};

// Those of the instructions that libtorch uses.
template <typename T>
const Passes<T>& fastest();

// What only a processor with AVX2 runs; null where this was not compiled for such.
template <typename T>
const Passes<T>* avx2();

}  // namespace torch_losses::kernels::passes
