// Source of the algorithm and of its order of operations: ATen/native/LossCTC.cpp, after Graves et
// al., Connectionist Temporal Classification (2006), whose equations are meant by their numbers.
#include "kernels/ctc.h"

#include <ATen/Parallel.h>
#include <ATen/ops/_ctc_loss.h>
#include <ATen/ops/_ctc_loss_backward.h>
#include <c10/util/SmallVector.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "bindings/small_work.h"
#include "kernels/plain.h"
#include "kernels/shortcuts.h"
#include "kernels/telling.h"

namespace torch_losses::ctc {
namespace {

using plain::empty;
using plain::with_type_of;

template <typename T>
using OfStates = c10::SmallVector<T, 64>;

template <typename T>
constexpr T kNever = -std::numeric_limits<T>::infinity();

// --- logarithms of sums --------------------------------------------------------------------------

template <typename T>
T exp(T x) {
  if (x == 0) return 1;
  return x == kNever<T> ? T{0} : std::exp(x);
}

template <typename T>
T log(T x) {
  return x == 1 ? T{0} : std::log(x);
}

template <typename T>
T log_of_sum(T a, T b) {
  T greatest = std::max(a, b);
  if (greatest == kNever<T>) greatest = 0;
  return log(exp(a - greatest) + exp(b - greatest)) + greatest;
}

template <typename T>
T log_of_sum(T a, T b, T c) {
  T greatest = a;
  if (b > greatest) greatest = b;
  if (c > greatest) greatest = c;
  if (greatest == kNever<T>) greatest = 0;
  return log(exp(a - greatest) + exp(b - greatest) + exp(c - greatest)) + greatest;
}

// --- one sequence --------------------------------------------------------------------------------

// Its states: blank, label, blank, label, ..., blank.
struct Sequence {
  int64_t steps;
  OfStates<int64_t> classes;
  OfStates<bool> skips;  // whether a path may come from the state before the last

  Sequence(const Problem& problem, int64_t number) : steps(problem.input_lengths[number]) {
    const auto& [log_probs, targets, input_lengths, target_lengths, blank, zero_infinity] = problem;
    const int64_t labels = target_lengths[number];
    const auto before = target_lengths.begin();
    const int64_t start = targets.dim() == 2 ? number * targets.size(1)
                                             : std::accumulate(before, before + number, int64_t{0});
    const auto* label = targets.const_data_ptr<int64_t>() + start;
    classes.resize(2 * labels + 1, blank);
    for (int64_t i = 0; i < labels; ++i) classes[2 * i + 1] = label[i];
    skips.resize(classes.size(), false);
    for (int64_t state = 2; state < states(); ++state) {
      skips[state] = classes[state - 2] != classes[state];
    }
  }

  int64_t states() const { return static_cast<int64_t>(classes.size()); }
};

// The numbers of one sequence: what is of a step lies `stride` after what is of the last.
template <typename T>
struct Steps {
  T* first;
  int64_t stride;

  T* operator[](int64_t step) const { return first + step * stride; }
};

// Fills `alpha`, of equation (6), and gives the loss, of equation (8).
template <typename T>
T loss_of(const Sequence& sequence, Steps<const T> logs, Steps<T> alpha) {
  const int64_t states = sequence.states();
  const auto& classes = sequence.classes;
  std::fill_n(alpha[0], alpha.stride, kNever<T>);
  if (sequence.steps == 0) return states == 1 ? T{-0.0} : -kNever<T>;
  for (int64_t state = 0; state < std::min<int64_t>(states, 2); ++state) {
    alpha[0][state] = logs[0][classes[state]];
  }
  for (int64_t step = 1; step < sequence.steps; ++step) {
    const T* last = alpha[step - 1];
    for (int64_t state = 0; state < states; ++state) {
      alpha[step][state] = log_of_sum(last[state], state > 0 ? last[state - 1] : kNever<T>,
                                      sequence.skips[state] ? last[state - 2] : kNever<T>) +
                           logs[step][classes[state]];
    }
  }
  const T* end = alpha[sequence.steps - 1] + states;
  return states == 1 ? -end[-1] : -log_of_sum(end[-1], end[-2]);
}

// The classes among a sequence's states, and what its paths add to the gradient by each.
template <typename T>
class Collected {
 public:
  explicit Collected(const OfStates<int64_t>& classes) : classes_(classes) {
    std::ranges::sort(classes_);
    classes_.erase(std::ranges::unique(classes_).begin(), classes_.end());
    for (const int64_t label : classes) {
      places_.push_back(std::ranges::lower_bound(classes_, label) - classes_.begin());
    }
    logs_.resize(classes_.size());
  }

  void clear() { std::ranges::fill(logs_, kNever<T>); }
  void set(int64_t state, T log) { logs_[places_[state]] = log; }

  void add(int64_t state, T log) {
    T& sum = logs_[places_[state]];
    sum = sum == kNever<T> ? log : log_of_sum(sum, log);
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (size_t i = 0; i < classes_.size(); ++i) visit(classes_[i], logs_[i]);
  }

 private:
  OfStates<int64_t> classes_;
  OfStates<int64_t> places_;  // of each state's class
  OfStates<T> logs_;
};

// Of equation (16), for one step.
template <typename T>
void differentiate_step(const Collected<T>& collected, const T* logs, T loss, T gradient, T* result,
                        int64_t columns) {
  const auto by = [&](T log, T sum) {
    return (std::exp(log) - std::exp(sum + loss - log)) * gradient;
  };
  const bool is_finite = std::isfinite(loss);
  for (int64_t column = 0; column < columns; ++column) {
    const T log = logs[column];
    const bool is_alone = is_finite && std::isfinite(log);
    result[column] = is_alone ? std::exp(log) * gradient : by(log, kNever<T>);
  }
  collected.for_each([&](int64_t column, T sum) { result[column] = by(logs[column], sum); });
}

// From the last step to the first, with the betas of equation (10).
template <typename T>
void differentiate(const Sequence& sequence, Steps<const T> logs, Steps<const T> alpha, T loss,
                   T gradient, Steps<T> results, int64_t columns) {
  const int64_t states = sequence.states();
  const auto& [steps, classes, skips] = sequence;
  Collected<T> collected(classes);
  OfStates<T> beta(states, kNever<T>);
  OfStates<T> next(states, kNever<T>);
  for (int64_t step = steps - 1; step >= 0; --step) {
    collected.clear();
    if (step == steps - 1) {
      for (int64_t state = states - 1; state >= std::max<int64_t>(states - 2, 0); --state) {
        beta[state] = logs[step][classes[state]];
        collected.set(state, alpha[step][state] + beta[state]);
      }
    } else {
      for (int64_t state = states - 1; state >= 0; --state) {
        beta[state] =
            log_of_sum(next[state], state + 1 < states ? next[state + 1] : kNever<T>,
                       state + 2 < states && skips[state + 2] ? next[state + 2] : kNever<T>) +
            logs[step][classes[state]];
        collected.add(state, alpha[step][state] + beta[state]);
      }
    }
    differentiate_step(collected, logs[step], loss, gradient, results[step], columns);
    std::swap(beta, next);
  }
}

// --- all sequences -------------------------------------------------------------------------------

// As one thread takes a sequence, however long: none but the caller's where all are short.
int64_t grain_of(const Problem& problem, int64_t operations_of_step) {
  constexpr int64_t kWorthThreads = 4096;
  const int64_t operations = problem.log_probs.size(0) * operations_of_step;
  return std::max<int64_t>(1, kWorthThreads / operations);
}

int64_t states_of_longest(const Problem& problem) {
  return 2 * *std::ranges::max_element(problem.target_lengths) + 1;
}

bool are_lengths(at::IntArrayRef lengths, int64_t sequences, int64_t most) {
  return static_cast<int64_t>(lengths.size()) == sequences &&
         std::ranges::all_of(lengths, [&](int64_t of) { return of >= 0 && of <= most; });
}

bool is_integer(const at::Tensor& tensor) {
  return at::isIntegralType(tensor.scalar_type(), /*includeBool=*/false);
}

// The first of the targets that are in use which is no class.
std::optional<int64_t> no_class(const at::Tensor& log_probs, const at::Tensor& targets,
                                at::IntArrayRef target_lengths) {
  const bool is_checked = targets.is_cpu() && log_probs.dim() >= 2 &&
                          (targets.dim() == 1 || targets.dim() == 2) && is_integer(targets);
  if (!is_checked) return std::nullopt;
  const bool is_long = targets.scalar_type() == at::kLong;
  const at::Tensor plain = (is_long ? targets : targets.to(at::kLong)).contiguous();
  const bool is_padded = plain.dim() == 2;
  const int64_t stride = is_padded ? plain.size(1) : 0;
  int64_t start = 0;
  for (const int64_t length : target_lengths) {
    // Of what is refused later, too: no sum of lengths overflows.
    const int64_t used = std::min(length, is_padded ? stride : plain.numel());
    const int64_t end = start + used;
    for (int64_t i = start; i < std::min(end, plain.numel()); i++) {
      const int64_t target = plain.const_data_ptr<int64_t>()[i];
      if (target < 0 || target >= log_probs.size(-1)) return target;
    }
    start = is_padded ? start + stride : std::max(start, end);
  }
  return std::nullopt;
}

bool agrees(at::ScalarType dtype, at::IntArrayRef sizes, at::IntArrayRef input_lengths,
            at::IntArrayRef target_lengths) {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const at::Tensor log_probs = telling::numbers(sizes, dtype);
  with_type_of(log_probs, [&]<typename T>(T) {
    for (T& log : std::span(log_probs.mutable_data_ptr<T>(), log_probs.numel())) {
      log = 4 * (log - 1);
    }
  });
  const at::Tensor targets = empty({sizes[1], 7}, at::kLong);
  for (int64_t i = 0; i < targets.numel(); ++i) {
    targets.mutable_data_ptr<int64_t>()[i] = i % 3 == 2 ? 1 : i % sizes[2];  // some repeated
  }
  const at::Tensor gradient = telling::numbers({sizes[1]}, dtype, 2);
  for (const bool zero_infinity : {false, true}) {
    const Problem problem{log_probs, targets, input_lengths, target_lengths, 0, zero_infinity};
    const Result ours = forward(problem);
    const auto [losses, alpha] =
        at::_ctc_loss(log_probs, targets, input_lengths, target_lengths, 0, zero_infinity);
    const at::Tensor by_libtorch =
        at::_ctc_loss_backward(gradient, log_probs, targets, input_lengths, target_lengths, losses,
                               alpha, 0, zero_infinity);
    if (!telling::are_equal(ours.losses, losses)) return false;
    if (!telling::are_equal(backward(gradient, problem, ours), by_libtorch)) return false;
  }
  return true;
}

bool is_verified() {
#ifdef TORCH_LOSSES_LIBTORCH_ALONE
  return false;
#else
  static const bool verified = [] {
    for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
      if (!agrees(dtype, {9, 4, 5}, {9, 8, 0, 3}, {3, 0, 0, 7})) return false;
      if (!agrees(dtype, {30, 2, 40}, {30, 21}, {7, 5})) return false;
    }
    return true;
  }();
  return verified;
#endif
}

}  // namespace

bool takes(const Problem& problem) {
  const auto& [log_probs, targets, input_lengths, target_lengths, blank, zero_infinity] = problem;
  if (!plain::is_plain(log_probs) || log_probs.dim() != 3 || !log_probs.is_contiguous())
    return false;
  const bool has_targets = targets.scalar_type() == at::kLong && targets.is_contiguous() &&
                           plain::is_undisguised(log_probs, targets) &&
                           (targets.dim() == 1 || targets.dim() == 2);
  if (!has_targets || blank < 0 || blank >= log_probs.size(2)) return false;
  const int64_t sequences = log_probs.size(1);
  const bool is_padded = targets.dim() == 2;
  if (!are_lengths(input_lengths, sequences, log_probs.size(0)) ||
      !are_lengths(target_lengths, sequences, is_padded ? targets.size(1) : targets.size(0))) {
    return false;
  }
  const int64_t rows =
      is_padded ? sequences
                : std::accumulate(target_lengths.begin(), target_lengths.end(), int64_t{0});
  return shortcuts::ctc.take_if(targets.size(0) == rows &&
                                are_classes(log_probs, targets, target_lengths) && is_verified());
}

Result forward(const Problem& problem) {
  const at::Tensor& log_probs = problem.log_probs;
  const int64_t steps = log_probs.size(0);
  const int64_t sequences = log_probs.size(1);
  const int64_t columns = log_probs.size(2);
  const int64_t states = states_of_longest(problem);
  const Result result{empty({sequences}, log_probs.scalar_type()),
                      empty({sequences, steps, states}, log_probs.scalar_type())};
  const bool has_nan = with_type_of(log_probs, [&]<typename T>(T) {
    const T* logs = log_probs.const_data_ptr<T>();
    T* alpha = result.log_alpha.template mutable_data_ptr<T>();
    T* losses = result.losses.template mutable_data_ptr<T>();
    parallel_for(sequences, grain_of(problem, states), [&](int64_t, int64_t begin, int64_t end) {
      for (int64_t number = begin; number < end; ++number) {
        losses[number] =
            loss_of<T>(Sequence(problem, number), {logs + number * columns, sequences * columns},
                       {alpha + number * steps * states, states});
      }
    });
    return std::any_of(losses, losses + sequences, [](T loss) { return std::isnan(loss); });
  });
  return has_nan ? Result{} : result;
}

at::Tensor backward(const at::Tensor& gradient, const Problem& problem, const Result& result) {
  const at::Tensor& log_probs = problem.log_probs;
  const int64_t steps = log_probs.size(0);
  const int64_t sequences = log_probs.size(1);
  const int64_t columns = log_probs.size(2);
  const int64_t states = result.log_alpha.size(2);
  at::Tensor gradients = empty(log_probs.sizes(), log_probs.scalar_type());
  const bool has_nan = with_type_of(log_probs, [&]<typename T>(T) {
    const T* logs = log_probs.const_data_ptr<T>();
    const T* alpha = result.log_alpha.template const_data_ptr<T>();
    const T* losses = result.losses.template const_data_ptr<T>();
    const T* given = gradient.const_data_ptr<T>();
    T* results = gradients.mutable_data_ptr<T>();
    if (std::any_of(losses, losses + sequences, [](T loss) { return std::isnan(loss); }))
      return true;
    const int64_t grain = grain_of(problem, states + columns);
    parallel_for(sequences, grain, [&](int64_t, int64_t begin, int64_t end) {
      for (int64_t number = begin; number < end; ++number) {
        const Steps<T> to{results + number * columns, sequences * columns};
        const bool is_zero = problem.zero_infinity && losses[number] == -kNever<T>;
        const Sequence sequence(problem, number);
        if (!is_zero) {
          differentiate<T>(sequence, {logs + number * columns, sequences * columns},
                           {alpha + number * steps * states, states}, losses[number],
                           given[number * gradient.stride(0)], to, columns);
        }
        for (int64_t step = is_zero ? 0 : sequence.steps; step < steps; ++step) {
          std::fill_n(to[step], columns, T{0});
        }
      }
    });
    return false;
  });
  return has_nan ? at::Tensor() : gradients;
}

bool are_classes(const at::Tensor& log_probs, const at::Tensor& targets,
                 at::IntArrayRef target_lengths) {
  return !no_class(log_probs, targets, target_lengths);
}

void check_classes(const at::Tensor& log_probs, const at::Tensor& targets,
                   at::IntArrayRef target_lengths) {
  const auto target = no_class(log_probs, targets, target_lengths);
  TORCH_CHECK_INDEX(!target, "ctc_loss(): target ", *target,
                    " is out of bounds: targets must be at least 0 and less than ",
                    log_probs.size(-1));
}

std::vector<int64_t> list_of(const at::Tensor& lengths) {
  if (!is_integer(lengths)) return {};
  const at::Tensor plain = lengths.to(at::kCPU, at::kLong).contiguous();
  const auto* data = plain.const_data_ptr<int64_t>();
  return {data, data + plain.numel()};
}

}  // namespace torch_losses::ctc
