// The kernels of a cross entropy over the rows of a matrix of float: log_softmax, and the gradient
// through it of a loss that looks at one class of each row.
//
// softmax_rows_body.h has them; they are compiled for AVX2 (softmax_rows_avx2.cc) and for AVX-512
// (softmax_rows_avx512.cc), as libtorch's are, whose sums follow the width of the registers.
#pragma once

#include <cstdint>

namespace torch_losses::kernels::softmax_rows {

// The functions of libtorch's libraries that the kernels call, and their names.
struct Library {
  void* log;
};

struct Forward {
  const float* input;
  const int64_t* targets;  // of each row a column, or a negative number: none is looked at
  float* chosen;           // the result at each row's target
  float* results;          // null where they are not to be written
  int64_t columns;
};

struct Backward {
  const float* results;  // of log_softmax
  const int64_t* targets;
  const float* gradients;  // by the result at each row's target
  float* input_gradients;
  int64_t columns;
};

struct Kernels {
  const char* log;  // its name
  // Computes the rows from `begin` to `end`. Returns false if a result is NaN, whose sign and
  // payload IEEE 754 leaves open.
  bool (*forward)(const Forward& operands, const Library& library, int64_t begin, int64_t end);
  bool (*backward)(const Backward& operands, int64_t begin, int64_t end);
};

// Returns the kernels for these instructions, or null if the compiler could not make them.
const Kernels* avx2();
const Kernels* avx512();

}  // namespace torch_losses::kernels::softmax_rows
