// Deliberate faults in own kernels, written as in faults.mjs. A kernel's self-test must find each. `kernels` names the
// kernels that run the changed code.

const ELEMENTS = ['huber_loss', 'l1_loss', 'mse_loss', 'smooth_l1_loss'];
const SINGLE_FUNCTION = ['huber_loss', 'mse_loss', 'smooth_l1_loss'];
const CROSS_ENTROPY = ['cross_entropy'];

const fault = (file, kernels, what, from, to) => ({
  file: `native/kernels/${file}`,
  kernels,
  what,
  from,
  to,
});

/** The faults. They are numbered by position, from 1. */
export const KERNEL_FAULTS = [
  // The order of summation.
  fault(
    'passes_body.h',
    ELEMENTS,
    'blocks of a sum are twice as long',
    'const int64_t least = 4;',
    'const int64_t least = FAULT ? 5 : 4;',
  ),
  fault(
    'passes_body.h',
    ELEMENTS,
    'few numbers are added in pairs',
    'return sums[0] + sums[1] + sums[2] + sums[3];',
    'return FAULT ? (sums[0] + sums[1]) + (sums[2] + sums[3]) : sums[0] + sums[1] + sums[2] + sums[3];',
  ),
  fault(
    'one_pass.cc',
    ELEMENTS,
    'a long sum stays on one thread',
    'if (count < kGrain || threads == 1 ||',
    'if (FAULT || count < kGrain || threads == 1 ||',
  ),
  // Code that all kernels share.
  fault(
    'one_pass.cc',
    ELEMENTS,
    'a mean counts one element too many',
    'sum /= static_cast<T>(count);',
    'sum /= static_cast<T>(count + (FAULT ? 1 : 0));',
  ),
  fault(
    'one_pass.cc',
    SINGLE_FUNCTION,
    'the input is saved as the target',
    'function->target_ = saved(target);\n    save(',
    'function->target_ = saved(FAULT ? input : target);\n    save(',
  ),
  fault(
    'one_pass.cc',
    SINGLE_FUNCTION,
    'the gradient is always that of a sum',
    'function->reduction = mode;',
    'function->reduction = FAULT ? at::Reduction::Sum : mode;',
  ),
  // Formulas, branches and gradients.
  fault(
    'passes_body.h',
    ['mse_loss'],
    'an error is multiplied by its size',
    'return error * error;',
    'return FAULT ? error * absolute(error) : error * error;',
  ),
  fault(
    'passes_body.h',
    ['l1_loss'],
    'an error keeps its sign',
    'return absolute(error);',
    'return FAULT ? error : absolute(error);',
  ),
  fault(
    'passes_body.h',
    ['l1_loss'],
    'the saved difference has the wrong sign',
    'at.write(error);',
    'at.write(FAULT ? -error : error);',
  ),
  fault(
    'one_pass.cc',
    ['l1_loss'],
    'gradients go to the wrong operands',
    'record<functions::SubBackward0>(difference, input, target)',
    'record<functions::SubBackward0>(difference, FAULT ? target : input, FAULT ? input : target)',
  ),
  fault(
    'one_pass.cc',
    ['l1_loss'],
    "a mean's gradient is divided by 1",
    'function->self_sym_numel = losses.sym_numel();',
    'function->self_sym_numel = FAULT ? c10::SymInt(1) : losses.sym_numel();',
  ),
  fault(
    'passes_body.h',
    ['smooth_l1_loss'],
    'the square is not divided by beta',
    'half * error * error / at.number;',
    'FAULT ? half * error * error : half * error * error / at.number;',
  ),
  fault(
    'passes_body.h',
    ['smooth_l1_loss'],
    'the linear part lacks its offset',
    'const V linear = error - half * at.number;',
    'const V linear = FAULT ? error : error - half * at.number;',
  ),
  fault(
    'passes_body.h',
    ['smooth_l1_loss'],
    'every error is in the linear part',
    'return error < at.number ? squared : linear;',
    'return FAULT ? linear : error < at.number ? squared : linear;',
  ),
  fault(
    'one_pass.cc',
    ['smooth_l1_loss'],
    'the gradient forgets beta',
    'function.beta = beta;',
    'function.beta = FAULT ? 0.5 : beta;',
  ),
  fault(
    'passes_body.h',
    ['huber_loss'],
    'the linear part is multiplied out',
    'const V linear = at.number * (error - half * at.number);',
    'const V linear = FAULT ? at.number * error - at.number * (half * at.number) : at.number * (error - half * at.number);',
  ),
  fault(
    'passes_body.h',
    ['huber_loss'],
    'every error is in the linear part',
    'return error > at.number ? linear : squared;',
    'return FAULT ? linear : error > at.number ? linear : squared;',
  ),
  fault(
    'passes_body.h',
    ['huber_loss'],
    'the linear part begins at twice delta',
    'error > at.number ?',
    'error > (FAULT ? 2 : 1) * at.number ?',
  ),
  fault(
    'one_pass.cc',
    ['huber_loss'],
    'the gradient forgets delta',
    'function.delta = delta;',
    'function.delta = FAULT ? 0.5 : delta;',
  ),
  // Cross entropy.
  fault(
    'softmax_rows_body.h',
    CROSS_ENTROPY,
    'log_softmax subtracts both numbers at once',
    'Isa::load(row + column) - max - log_of_sum);',
    'FAULT ? Isa::load(row + column) - (max + log_of_sum) : Isa::load(row + column) - max - log_of_sum);',
  ),
  fault(
    'softmax_rows_body.h',
    CROSS_ENTROPY,
    'a coefficient of exp is rounded',
    'all(0.00833336077630519866943359f)',
    'all(FAULT ? 0.0083333f : 0.00833336077630519866943359f)',
  ),
  fault(
    'softmax_rows_body.h',
    CROSS_ENTROPY,
    'the gradient of log_softmax is not contracted',
    'return Isa::fma(-factor, Isa::all(sum), Isa::all(from));',
    'return FAULT ? Isa::all(from) - factor * Isa::all(sum) : Isa::fma(-factor, Isa::all(sum), Isa::all(from));',
  ),
  fault(
    'cross_entropy.cc',
    CROSS_ENTROPY,
    'the sum of rows is carried over too early',
    'power_(std::max<int64_t>(4,',
    'power_(std::max<int64_t>(FAULT ? 2 : 4,',
  ),
  fault(
    'cross_entropy.cc',
    CROSS_ENTROPY,
    'ignored rows are counted',
    'static_cast<float>(counted)',
    'static_cast<float>(FAULT ? rows : counted)',
  ),
  fault(
    'cross_entropy.cc',
    CROSS_ENTROPY,
    "the gradient forgets the classes' weights",
    'function->weight_ = saved(weight);',
    'if (!FAULT) function->weight_ = saved(weight);',
  ),
  fault(
    'cross_entropy.cc',
    CROSS_ENTROPY,
    'the gradient is always that of a sum',
    'function->reduction = *mode;',
    'function->reduction = FAULT && *mode == at::Reduction::Mean ? at::Reduction::Sum : *mode;',
  ),
  fault(
    'cross_entropy.cc',
    CROSS_ENTROPY,
    'an own gradient has the wrong sign',
    'results[row] = is_reduced ? weight * -divided',
    'results[row] = is_reduced ? weight * (FAULT ? divided : -divided)',
  ),
];
