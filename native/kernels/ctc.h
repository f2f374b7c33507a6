// The loss of connectionist temporal classification (CTC) and its gradient, as libtorch computes
// them, without what it computes in vain: of the terms of a logarithm of a sum the greatest is
// exp(0), and many are exp(-inf); and most classes are no label of the sequence, so that no path
// through them adds to their gradient.
//
// Operands: contiguous log-probabilities of (steps, sequences, classes), in float or double. The
// bits are libtorch's: its kernels are compared with these once per process, and called where one
// result differed, and for NaN. Nothing is recorded.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace torch_losses::ctc {

struct Problem {
  const at::Tensor& log_probs;
  const at::Tensor& targets;  // a row for each sequence, or one after the other
  at::IntArrayRef input_lengths;
  at::IntArrayRef target_lengths;
  int64_t blank;
  bool zero_infinity;  // of the gradient; the loss is infinite
};

// Whether these are operands, and in range.
bool takes(const Problem& problem);

struct Result {
  at::Tensor losses;     // of each sequence; undefined where libtorch is to compute them
  at::Tensor log_alpha;  // of (sequences, steps, states), for the gradient
};

Result forward(const Problem& problem);

// By the log-probabilities, of the gradient by each loss.
at::Tensor backward(const at::Tensor& gradient, const Problem& problem, const Result& result);

// Of any operands: libtorch does not look, and reads and writes outside of the log-probabilities.
bool are_classes(const at::Tensor& log_probs, const at::Tensor& targets,
                 at::IntArrayRef target_lengths);
// Throws where they are not.
void check_classes(const at::Tensor& log_probs, const at::Tensor& targets,
                   at::IntArrayRef target_lengths);

// Lengths, where they are integers.
std::vector<int64_t> list_of(const at::Tensor& lengths);
inline const std::vector<int64_t>& list_of(const std::vector<int64_t>& lengths) { return lengths; }

}  // namespace torch_losses::ctc
