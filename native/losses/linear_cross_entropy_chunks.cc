#include "losses/linear_cross_entropy_chunks.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/div.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>

#include "bindings/python.h"
#include "bindings/torch_release.h"
#include "losses/linear_cross_entropy_plan.h"
#include "losses/linear_cross_entropy_rows.h"

// The operations have Python's order and write to Python's buffers, so that the bits are equal.

namespace torch_losses::losses {
namespace {

at::Tensor first_rows(const at::Tensor& buffer, int64_t count) {
  return buffer.narrow(0, 0, count);
}

at::Tensor column(const at::Tensor& vector) { return vector.unsqueeze(1); }

// Views on the rows of one chunk.
struct Chunk {
  int64_t start;
  int64_t size;
  at::Tensor input;
  at::Tensor target;
  // Only for class indices.
  at::Tensor row_weight;
  at::Tensor logits;
  // The input in acc_dtype, if the plan converts it.
  at::Tensor converted_input;
  // The softmax in the buffer of the logits, in the weight's dtype, if the plan narrows it.
  at::Tensor narrow_logits;
};

class ChunkLoop {
 public:
  ChunkLoop(const ChunkedProblem& problem, WantedGradients wanted,
            const std::optional<at::Tensor>& upstream);

  at::Tensor losses();
  LossAndGradients loss_and_gradients();

 private:
  template <typename Body>
  void for_each_chunk(Body&& body);
  Chunk chunk(int64_t start, int64_t size);

  void compute_shifted_logits(const Chunk& chunk);
  at::Tensor exponentiate(const at::Tensor& logits);
  at::Tensor weighted_probabilities(const Chunk& chunk);
  void add_loss(const Chunk& chunk);
  void add_loss_of_probabilities(const Chunk& chunk);
  void scale_rows(const Chunk& chunk, const at::Tensor& numerators, const at::Tensor& denominators);
  void add_bias_grad(const Chunk& chunk);
  void set_input_grad(const Chunk& chunk);
  void stage_weight_grad(const Chunk& chunk);
  void add_weight_grad(const Chunk& chunk);
  at::Tensor weighted_input(const Chunk& chunk);
  at::Tensor narrowed(const at::Tensor& rows);

  at::Tensor empty(at::IntArrayRef shape, at::ScalarType dtype) const {
    return at::empty(shape, problem_.input.options().dtype(dtype));
  }
  at::Tensor zeros(at::IntArrayRef shape, at::ScalarType dtype) const {
    return at::zeros(shape, problem_.input.options().dtype(dtype));
  }

  const ChunkedProblem& problem_;
  const WantedGradients wanted_;
  const Plan plan_;
  const int64_t num_batches_;
  const int64_t in_features_;
  const int64_t num_classes_;
  const int64_t chunk_size_;

  // Results.
  at::Tensor output_;
  at::Tensor grad_input_;
  at::Tensor grad_linear_weight_;
  at::Tensor grad_linear_bias_;

  // The buffers of a chunk, which all chunks use in turn.
  at::Tensor logits_;
  at::Tensor factors_;
  at::Tensor wide_logits_;
  at::Tensor converted_input_;
  at::Tensor staged_input_grad_;
  at::Tensor staged_weight_grad_;
  at::Tensor staged_bias_grad_;
  at::Tensor probabilities_;

  // The arguments, converted as the plan says.
  at::Tensor linear_weight_;
  at::Tensor linear_bias_;
  Rows rows_;  // of a target of classes
};

ChunkLoop::ChunkLoop(const ChunkedProblem& problem, WantedGradients wanted,
                     const std::optional<at::Tensor>& upstream)
    : problem_(problem),
      wanted_(wanted),
      plan_(problem, wanted),
      num_batches_(problem.input.size(0)),
      in_features_(problem.input.size(1)),
      num_classes_(problem.linear_weight.size(0)),
      chunk_size_(*problem.options.batch_chunk_size),
      rows_(problem, plan_.acc_dtype, upstream) {
  logits_ = empty({chunk_size_, num_classes_}, plan_.logits_dtype);
  factors_ = empty({chunk_size_}, plan_.logits_dtype);
  output_ = zeros({}, plan_.output_dtype);
  const at::IntArrayRef weight_shape = problem.linear_weight.sizes();
  if (wanted.input) grad_input_ = empty(problem.input.sizes(), plan_.grad_input_dtype);
  if (wanted.linear_weight) grad_linear_weight_ = zeros(weight_shape, plan_.dtype);
  if (wanted.linear_bias) grad_linear_bias_ = zeros({num_classes_}, plan_.dtype);
  if (plan_.stages_weight_grad) staged_weight_grad_ = empty(weight_shape, plan_.acc_dtype);
  if (plan_.stages_bias_grad) staged_bias_grad_ = zeros({num_classes_}, plan_.acc_dtype);
  if (plan_.stages_input_grad) {
    staged_input_grad_ = empty({chunk_size_, in_features_}, plan_.linear_weight_dtype);
  }
  if (plan_.converts_input) converted_input_ = empty({chunk_size_, in_features_}, plan_.acc_dtype);
  if (plan_.widens_logits_for_weight_grad) {
    wide_logits_ = empty({chunk_size_, num_classes_}, plan_.acc_dtype);
  }
  if (plan_.converts_probabilities) {
    probabilities_ = empty({chunk_size_, num_classes_}, plan_.logits_dtype);
  }
  linear_weight_ = problem.linear_weight;
  if (plan_.linear_weight_dtype != plan_.dtype) {
    linear_weight_ = linear_weight_.to(plan_.linear_weight_dtype);
  }
  if (problem.linear_bias) linear_bias_ = problem.linear_bias->to(plan_.logits_dtype);
}

template <typename Body>
void ChunkLoop::for_each_chunk(Body&& body) {
  for (int64_t start = 0; start < num_batches_; start += chunk_size_) {
    Chunk rows = chunk(start, std::min(chunk_size_, num_batches_ - start));
    body(rows);
  }
}

Chunk ChunkLoop::chunk(int64_t start, int64_t size) {
  Chunk chunk{start, size, {}, {}, {}, {}, {}, {}};
  chunk.input = problem_.input.narrow(0, start, size);
  if (plan_.has_probabilities) {
    chunk.target = problem_.target.narrow(0, start, size);
  } else {
    chunk.target = rows_.target().narrow(0, start, size);
    chunk.row_weight = rows_.weights().narrow(0, start, size);
  }
  chunk.logits = first_rows(logits_, size);
  chunk.converted_input = chunk.input;
  if (plan_.converts_input) {
    chunk.converted_input = first_rows(converted_input_, size).copy_(chunk.input);
  }
  return chunk;
}

// Computes out = left @ right. On CUDA, `out` may have a wider dtype.
void multiply(at::Tensor out, const at::Tensor& left, const at::Tensor& right) {
  if (left.scalar_type() == out.scalar_type()) {
    at::mm_out(out, left, right);
  } else {
    at::mm_out(out, left, right, out.scalar_type());
  }
}

// Subtracts the greatest number of each row, so that no exponential overflows.
void ChunkLoop::compute_shifted_logits(const Chunk& chunk) {
  const bool widens = plan_.is_cuda && plan_.is_mixed;
  const at::Tensor& weight = widens ? problem_.linear_weight : linear_weight_;
  at::Tensor logits = chunk.logits;
  multiply(logits, plan_.forward_takes_converted_input ? chunk.converted_input : chunk.input,
           weight.t());
  if (linear_bias_.defined()) logits.add_(linear_bias_);
  at::Tensor greatest = column(first_rows(factors_, chunk.size));
  logits.sub_(at::amax_out(greatest, logits, 1, /*keepdim=*/true));
}

// Computes the exponentials in place. Returns the sum of each row, in a dtype that can hold it.
at::Tensor ChunkLoop::exponentiate(const at::Tensor& logits) {
  const bool is_half = plan_.dtype == at::kHalf;
  const auto dtype = release::kSumsHalfInFloat && is_half ? at::kFloat : plan_.acc_dtype;
  return logits.exp_().sum(1, /*keepdim=*/false, dtype);
}

at::Tensor of_targets(const Chunk& chunk) {
  return chunk.logits.gather(1, column(chunk.target)).squeeze(1);
}

at::Tensor ChunkLoop::losses() {
  const at::Tensor losses = empty({num_batches_}, plan_.dtype);
  for_each_chunk([&](const Chunk& chunk) {
    compute_shifted_logits(chunk);
    const at::Tensor chosen = of_targets(chunk);
    const at::Tensor denominators = exponentiate(chunk.logits);
    const at::Tensor loss = denominators.log_().sub_(chosen.to(denominators.scalar_type()));
    loss.mul_(chunk.row_weight.to(denominators.scalar_type()));
    losses.narrow(0, chunk.start, chunk.size).copy_(loss);
  });
  return losses;
}

LossAndGradients ChunkLoop::loss_and_gradients() {
  if (problem_.reduction == "mean" && num_batches_ == 0) {
    output_.fill_(std::numeric_limits<double>::quiet_NaN());
  }
  for_each_chunk([&](Chunk& chunk) {
    compute_shifted_logits(chunk);
    if (plan_.has_probabilities) {
      add_loss_of_probabilities(chunk);
    } else {
      add_loss(chunk);
    }
    if (plan_.narrows_logits) {
      chunk.narrow_logits = chunk.logits.to(problem_.linear_weight.scalar_type());
    }
    // The bias comes first, because the weight's gradient may use the logits' buffer.
    if (wanted_.linear_bias) add_bias_grad(chunk);
    if (wanted_.input) set_input_grad(chunk);
    if (plan_.stages_weight_grad) {
      stage_weight_grad(chunk);
    } else if (wanted_.linear_weight) {
      add_weight_grad(chunk);
    }
    if (plan_.stages_input_grad) {
      grad_input_.narrow(0, chunk.start, chunk.size)
          .copy_(first_rows(staged_input_grad_, chunk.size));
    }
    if (plan_.stages_bias_grad) {
      grad_linear_bias_.add_(staged_bias_grad_.to(plan_.dtype));
      staged_bias_grad_.zero_();
    }
  });
  if (wanted_.input) grad_input_ = grad_input_.to(plan_.dtype);
  return {output_.to(plan_.dtype), grad_input_, grad_linear_weight_, grad_linear_bias_};
}

// Adds the chunk's loss. If gradients are computed from the logits, replaces them by
// `softmax(logits) * row_weight`.
void ChunkLoop::add_loss(const Chunk& chunk) {
  const at::Tensor& weight = chunk.row_weight;
  output_.add_(weight.dot(of_targets(chunk).to(weight.scalar_type())));
  const at::Tensor denominators = exponentiate(chunk.logits);
  if (wanted_.any()) scale_rows(chunk, weight, denominators);
  const at::Tensor promoted = weight.to(denominators.scalar_type());
  output_.sub_(promoted.dot(denominators.log_()));
}

// Computes logits * (numerators / denominators), row by row.
void ChunkLoop::scale_rows(const Chunk& chunk, const at::Tensor& numerators,
                           const at::Tensor& denominators) {
  at::Tensor logits = chunk.logits;
  at::Tensor factors = first_rows(factors_, chunk.size);
  at::div_out(factors, numerators, denominators);
  at::mul_out(logits, logits, column(factors));
}

// Returns the chunk's target times the class weights, in the dtype of the logits.
at::Tensor ChunkLoop::weighted_probabilities(const Chunk& chunk) {
  if (!plan_.converts_probabilities) return chunk.target;
  at::Tensor converted = first_rows(probabilities_, chunk.size);
  if (!problem_.weight) return converted.copy_(chunk.target);
  return at::mul_out(converted, chunk.target, problem_.weight->to(plan_.logits_dtype).unsqueeze(0));
}

// Adds the chunk's loss for a target of probabilities. Replaces the logits by their gradient.
void ChunkLoop::add_loss_of_probabilities(const Chunk& chunk) {
  const at::Tensor probabilities = weighted_probabilities(chunk);
  const double scale = problem_.reduction == "mean" ? 1.0 / static_cast<double>(num_batches_) : 1.0;
  // In float16, a sum over all rows at once would overflow.
  const at::Tensor chosen =
      plan_.logits_dtype == at::kHalf
          ? at::einsum("bv,bv->b", {probabilities, chunk.logits}).sum(at::kFloat)
          : probabilities.reshape(-1).dot(chunk.logits.reshape(-1));
  output_.sub_(chosen, scale);
  const at::Tensor masses =
      probabilities.sum(1, /*keepdim=*/false, plan_.acc_dtype).mul_(python::wrapped(scale));
  const at::Tensor denominators = exponentiate(chunk.logits);
  if (wanted_.any()) scale_rows(chunk, masses, denominators);
  output_.add_(masses.to(denominators.scalar_type()).dot(denominators.log_()));
  if (wanted_.any()) chunk.logits.sub_(probabilities, scale);
}

void ChunkLoop::add_bias_grad(const Chunk& chunk) {
  const at::Tensor& gradient = plan_.stages_bias_grad ? staged_bias_grad_ : grad_linear_bias_;
  const at::Tensor sums = chunk.logits.sum(0, /*keepdim=*/false, plan_.acc_dtype);
  if (plan_.has_probabilities) {
    gradient.add_(sums);
  } else {
    gradient.sub_(sums);
    gradient.index_add_(0, chunk.target, chunk.row_weight);
  }
}

// Computes linear_weight[target] * row_weight - logits @ linear_weight, or logits @ linear_weight
// for probabilities.
void ChunkLoop::set_input_grad(const Chunk& chunk) {
  at::Tensor gradient = plan_.stages_input_grad ? first_rows(staged_input_grad_, chunk.size)
                                                : grad_input_.narrow(0, chunk.start, chunk.size);
  const bool narrows = plan_.narrows_logits_for_input_grad;
  const at::Tensor& weight = narrows ? problem_.linear_weight : linear_weight_;
  const at::Tensor& logits = narrows ? chunk.narrow_logits : chunk.logits;
  if (plan_.has_probabilities) return multiply(gradient, logits, weight);
  at::mul_out(gradient, at::index_select(linear_weight_, 0, chunk.target),
              column(chunk.row_weight.to(gradient.scalar_type())));
  at::addmm_out(gradient, gradient, logits, weight, /*beta=*/1, /*alpha=*/-1);
}

// Computes the chunk's part in acc_dtype first, so that its large terms cancel there.
void ChunkLoop::stage_weight_grad(const Chunk& chunk) {
  at::Tensor logits = chunk.logits;
  if (plan_.widens_logits_for_weight_grad) {
    logits = first_rows(wide_logits_, chunk.size).copy_(logits);
  }
  const bool widens = plan_.is_cuda && plan_.logits_dtype != plan_.acc_dtype;
  multiply(staged_weight_grad_, logits.t(), widens ? chunk.input : chunk.converted_input);
  if (plan_.has_probabilities) {
    grad_linear_weight_.add_(staged_weight_grad_);
  } else {
    staged_weight_grad_.index_add_(0, chunk.target, weighted_input(chunk), /*alpha=*/-1);
    grad_linear_weight_.sub_(staged_weight_grad_);
  }
}

void ChunkLoop::add_weight_grad(const Chunk& chunk) {
  const at::Tensor& logits = plan_.narrows_logits ? chunk.narrow_logits : chunk.logits;
  const int alpha = plan_.has_probabilities ? 1 : -1;
  grad_linear_weight_.addmm_(logits.t(), chunk.input, /*beta=*/1, alpha);
  if (plan_.has_probabilities) return;
  grad_linear_weight_.index_add_(0, chunk.target, narrowed(weighted_input(chunk)));
}

// Returns input * row_weight, in a buffer that is no longer needed if it is large enough.
at::Tensor ChunkLoop::weighted_input(const Chunk& chunk) {
  const at::Tensor factors = column(chunk.row_weight);
  if (plan_.is_mixed) return chunk.converted_input.mul_(factors);
  if (num_classes_ < in_features_) return at::mul(chunk.converted_input, factors);
  at::Tensor room = first_rows(logits_, chunk.size).narrow(1, 0, in_features_);
  return at::mul_out(room, chunk.converted_input, factors);
}

at::Tensor ChunkLoop::narrowed(const at::Tensor& rows) {
  if (rows.scalar_type() == plan_.dtype) return rows;
  if (!plan_.narrows_in_logits_buffer) return rows.to(plan_.dtype);
  const at::Tensor room = first_rows(logits_.view(plan_.dtype), rows.size(0));
  return room.narrow(1, 0, rows.size(1)).copy_(rows);
}

}  // namespace

at::Tensor chunked_losses(const ChunkedProblem& problem) {
  return ChunkLoop(problem, {}, std::nullopt).losses();
}

LossAndGradients chunked_loss_and_gradients(const ChunkedProblem& problem, WantedGradients wanted,
                                            const std::optional<at::Tensor>& upstream) {
  return ChunkLoop(problem, wanted, upstream).loss_and_gradients();
}

}  // namespace torch_losses::losses
