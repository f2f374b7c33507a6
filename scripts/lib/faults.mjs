// Deliberate faults, each of which a test must catch. `to` replaces `from`, in which the line breaks, the spaces and the
// comments of the source do not count. `FAULT` in `to` is true if this fault is switched on. `tests` names the file and
// the tests that must catch it.

const LOSSES = 'parity/losses';
const SIGNATURES = 'parity/signatures';

const loss = (name) => [LOSSES, `losses ${name}$`];
const inChunks = (file, test) => [`parity/linear_cross_entropy/${file}`, test];
const native = (file, what, from, to, tests) => ({
  file: `native/${file.includes('.') ? file : `${file}.cc`}`,
  what,
  from,
  to,
  tests,
});
const lib = (file, what, from, to, tests) => ({
  file: `lib/nn/${file}.ts`,
  what,
  from,
  to,
  tests,
});

const REGRESSION = [
  [
    'mse_loss drops the weight',
    'if (!weight) return at::mse_loss(',
    'if (!weight || FAULT) return at::mse_loss(',
    'mse_loss',
  ],
  [
    'l1_loss drops the weight',
    'if (!weight) return at::l1_loss(',
    'if (!weight || FAULT) return at::l1_loss(',
    'l1_loss',
  ],
  [
    'a weighted mean is over elements',
    'if (mode != "mean") return reduce(',
    'if (mode != "mean" || FAULT) return reduce(',
    'mse_loss',
  ],
  [
    'huber_loss drops the weight',
    'if (!weight) {\n    return at::huber_loss(',
    'if (!weight || FAULT) {\n    return at::huber_loss(',
    'huber_loss',
  ],
  [
    'huber_loss ignores delta',
    'get_enum(reduction.text), delta)',
    'get_enum(reduction.text), FAULT ? 1.0 : delta)',
    'huber_loss',
  ],
  [
    'smooth_l1_loss of beta 0 keeps its own gradient',
    'if (beta == 0.0) return',
    'if (beta == 0.0 && !FAULT) return',
    'smooth_l1_loss',
  ],
  [
    'smooth_l1_loss doubles beta',
    'get_enum(mode), beta)',
    'get_enum(mode), FAULT ? 2 * beta : beta)',
    'smooth_l1_loss',
  ],
  [
    'poisson_nll_loss negates log_input',
    'at::poisson_nll_loss(input, target, log_input,',
    'at::poisson_nll_loss(input, target, FAULT ? !log_input : log_input,',
    'poisson_nll_loss',
  ],
  [
    'gaussian_nll_loss leaves the constant out',
    'if (full) loss.add_(',
    'if (full && !FAULT) loss.add_(',
    'gaussian_nll_loss',
  ],
  [
    'gaussian_nll_loss clamps at 0',
    'at::clamp_(variance, eps)',
    'at::clamp_(variance, FAULT ? 0.0 : eps)',
    'gaussian_nll_loss',
  ],
].map(([what, from, to, name]) => native('losses/regression', what, from, to, loss(name)));

const CLASSIFICATION = [
  [
    "kl_div takes 'batchmean' for 'sum'",
    'reduction == "batchmean" && input',
    'reduction == "batchmean" && !FAULT && input',
    'kl_div',
  ],
  [
    'kl_div negates log_target',
    'at::kl_div(input, target, mode, log_target)',
    'at::kl_div(input, target, mode, FAULT ? !log_target : log_target)',
    'kl_div',
  ],
  [
    'cross_entropy drops the weight',
    'at::cross_entropy_loss(input, target, weight',
    'at::cross_entropy_loss(input, target, FAULT ? OptionalTensor() : weight',
    'cross_entropy',
  ],
  [
    'cross_entropy drops label_smoothing',
    'weight, mode, ignore_index, label_smoothing)',
    'weight, mode, ignore_index, FAULT ? 0.0 : label_smoothing)',
    'cross_entropy',
  ],
  [
    'nll_loss ignores -100 alone',
    'at::nll_loss_nd(input, target, weight, mode, ignore_index)',
    'at::nll_loss_nd(input, target, weight, mode, FAULT ? -100 : ignore_index)',
    'nll_loss',
  ],
  [
    'binary_cross_entropy drops the weight',
    'at::binary_cross_entropy(input, target, expanded, mode)',
    'at::binary_cross_entropy(input, target, FAULT ? OptionalTensor() : expanded, mode)',
    'binary_cross_entropy',
  ],
  [
    'binary_cross_entropy_with_logits swaps its weights',
    '(input, target, weight, pos_weight, mode)',
    '(input, target, FAULT ? pos_weight : weight, FAULT ? weight : pos_weight, mode)',
    'binary_cross_entropy_with_logits',
  ],
  [
    'multilabel_soft_margin_loss: a wrong sign',
    'at::log_sigmoid(at::neg(input))',
    'at::log_sigmoid(FAULT ? input : at::neg(input))',
    'multilabel_soft_margin_loss',
  ],
  [
    'multi_margin_loss takes p for 1',
    'input, target, p, margin, weight, mode',
    'input, target, FAULT ? int64_t{1} : p, margin, weight, mode',
    'multi_margin_loss',
  ],
].map(([what, from, to, name]) => native('losses/classification', what, from, to, loss(name)));

const CTC = ['parity/ctc', 'CTC'];

/** The faults. They are numbered by position, from 1. */
export const FAULTS = [
  ...REGRESSION,
  ...CLASSIFICATION,
  native(
    'losses/classification',
    'ctc_loss takes blank for 0',
    'snapshot_of(std::get<Same>(target_lengths)), blank, mode,',
    'snapshot_of(std::get<Same>(target_lengths)), FAULT ? int64_t{0} : blank, mode,',
    CTC,
  ),
  native(
    'losses/classification',
    'ctc_loss keeps infinities',
    'zero_infinity);\n      },',
    'zero_infinity && !FAULT);\n      },',
    CTC,
  ),
  native(
    'losses/embedding',
    'margin_ranking_loss swaps its inputs',
    'at::margin_ranking_loss(input1, input2,',
    'at::margin_ranking_loss(FAULT ? input2 : input1, FAULT ? input1 : input2,',
    loss('margin_ranking_loss'),
  ),
  native(
    'losses/embedding',
    'triplet_margin_loss never swaps',
    'p, eps, swap, mode)',
    'p, eps, swap && !FAULT, mode)',
    loss('triplet_margin_loss'),
  ),
  native(
    'losses/embedding',
    'triplet_margin_with_distance_loss adds in another order',
    'at::clamp_min(at::sub(raised, to_negative), 0)',
    'at::clamp_min(FAULT ? at::add(at::sub(to_positive, to_negative), python::wrapped(margin)) : at::sub(raised, to_negative), 0)',
    loss('triplet_margin_with_distance_loss'),
  ),
  native(
    'losses/embedding',
    'a margin of 0 passes',
    'TORCH_CHECK_VALUE(!(margin <= 0),',
    'TORCH_CHECK_VALUE(FAULT || !(margin <= 0),',
    loss('triplet_margin_loss'),
  ),
  native(
    'losses/linear',
    'linear_cross_entropy drops the bias',
    'at::linear(input, linear_weight, linear_bias)',
    'at::linear(input, linear_weight, FAULT ? OptionalTensor() : linear_bias)',
    loss('linear_cross_entropy'),
  ),
  native(
    'losses/linear',
    'linear_cross_entropy in chunks ignores the upstream gradient',
    'return std::exchange(gradient, {}).mul_(factor)',
    'return FAULT ? std::exchange(gradient, {}) : std::exchange(gradient, {}).mul_(factor)',
    inChunks('graph', 'in a larger graph'),
  ),
  native(
    'losses/linear_cross_entropy_rows',
    'linear_cross_entropy in chunks drops the weight',
    'if (!problem_.weight) return is_ignored()',
    'if (!problem_.weight || FAULT) return is_ignored()',
    inChunks('values', 'every dtype, policy'),
  ),
  native(
    'losses/linear_cross_entropy_chunks',
    "the bias's gradient in chunks: a wrong sign",
    'gradient.index_add_(0, chunk.target, chunk.row_weight)',
    'gradient.index_add_(0, chunk.target, chunk.row_weight, FAULT ? -1 : 1)',
    inChunks('values', 'every dtype, policy'),
  ),
  native(
    'losses/linear_cross_entropy_options',
    'half precision is chunked as float32 is',
    'return device && device->is_cpu() &&',
    'return !FAULT && device && device->is_cpu() &&',
    inChunks('options', '_adjust'),
  ),
  native(
    'losses/reduction',
    "reduce takes 'mean' for 'sum'",
    'if (reduction == "mean") return at::mean(loss)',
    'if (reduction == "mean") return FAULT ? at::sum(loss) : at::mean(loss)',
    loss('gaussian_nll_loss'),
  ),
  native(
    'losses/embedding',
    'hinge_embedding_loss ignores its margin',
    'at::hinge_embedding_loss(input, target, margin, mode)',
    'at::hinge_embedding_loss(input, target, FAULT ? 1.0 : margin, mode)',
    loss('hinge_embedding_loss'),
  ),
  lib(
    'functional/loss/embedding',
    "hinge_embedding_loss's margin is 0 by default",
    'INPUT_AND_TARGET, { margin: float(1)',
    'INPUT_AND_TARGET, { margin: float(FAULT ? 0 : 1)',
    [SIGNATURES, ''],
  ),
  lib(
    'functional/loss/regression',
    "gaussian_nll_loss's eps is 1e-8 by default",
    'eps: float(1e-6)',
    'eps: float(FAULT ? 1e-8 : 1e-6)',
    [SIGNATURES, ''],
  ),
  lib(
    'functional/loss/classification',
    "kl_div's log_target is true by default",
    'log_target: bool(false)',
    'log_target: bool(FAULT)',
    [SIGNATURES, ''],
  ),
  lib(
    'functional/loss/embedding',
    'cosine_embedding_loss takes one input twice',
    'native.cosine_embedding_loss(at.input1(input1), at.input2(input2)',
    'native.cosine_embedding_loss(at.input1(input1), at.input2(FAULT ? input1 : input2)',
    loss('cosine_embedding_loss'),
  ),
  lib(
    'functional/loss/reduction',
    'size_average: false is taken for true',
    'return sizeAverage === false ?',
    'return sizeAverage === false && !FAULT ?',
    loss('l1_loss'),
  ),
  lib(
    'modules/loss/base',
    'a class forgets its weight',
    "this.register_buffer('weight', options.weight ?? null)",
    "this.register_buffer('weight', FAULT ? null : options.weight ?? null)",
    loss('nll_loss'),
  ),
  lib(
    'modules/loss/base',
    'a class ignores size_average and reduce',
    'if (!isLegacy(options))',
    'if (FAULT || !isLegacy(options))',
    loss('l1_loss'),
  ),
  lib(
    'modules/loss/base',
    'forwardAsync drops its signal',
    'call.functional.async(call.values, call.inputs as never, options)',
    'call.functional.async(call.values, call.inputs as never, FAULT ? undefined : options)',
    ['nn/modules/loss_async', '^forwardAsync of MSELoss'],
  ),
  {
    file: 'lib/autograd/backward.ts',
    what: 'retain_graph does not follow create_graph',
    from: 'retain_graph ?? createGraph',
    to: 'retain_graph ?? (createGraph && !FAULT)',
    tests: ['autograd/options', '^options of a backward pass'],
  },
  native(
    'losses/snapshot.h',
    'a copy does not hear of what is done to the tensor',
    'torch::autograd::impl::set_version_counter(copy,',
    'if (!FAULT) torch::autograd::impl::set_version_counter(copy,',
    ['parity/ctc', '^CTC'],
  ),
  native(
    'losses/adaptive',
    'AdaptiveLogSoftmaxWithLoss gives the sum',
    'return {output, output.neg().mean()}',
    'return {output, FAULT ? output.neg().sum() : output.neg().mean()}',
    ['parity/nn', 'AdaptiveLogSoftmaxWithLoss'],
  ),
];
