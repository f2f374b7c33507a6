/** Muon. Source: torch/optim/_muon.py. */
import { runtimeError, valueError } from '../bindings/errors';
import { isSince } from '../bindings/libtorch/versions';
import { libtorch } from '../bindings/native';
import { part } from '../dispatch/replay';
import {
  ANYTHING,
  BOOL,
  FLOAT,
  INT,
  nullable,
  optional,
  required,
  Signature,
  STRING,
  typeOf,
} from '../dispatch/signature';
import { freeing } from '../memory/temporaries';
import { to, vectorNorm } from '../nn/ops';
import { bfloat16 } from '../tensor/dtype';
import { zeros_like } from '../tensor/factories';
import { preserve_format, sparse_coo } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { floatRepr } from '../utils/python';
import { oneElement } from './checks';
import { shrinkage } from './formulas';
import type { ParametersOrGroups, ParamGroup } from './groups';
import { Optimizer } from './optimizer';
import { type Arguments, type Given, VALUE } from './options';
import { flat, negated, numberOf, scalar, times, type Value } from './values';

/** The options of a group of parameters. */
export interface MuonGroup {
  /** The learning rate. Default: 1e-3. */
  lr: number | Tensor;
  /** The factor of decoupled weight decay. Default: 0.1. */
  weight_decay: number;
  /** How much of the average of gradients is kept. Default: 0.95. */
  momentum: number;
  /** Look ahead by the momentum. Default: true. */
  nesterov: boolean;
  /** The coefficients of the Newton-Schulz polynomial. Default: [3.4445, -4.775, 2.0315]. */
  ns_coefficients: readonly [number, number, number];
  /** The least norm to divide by. Default: 1e-7. */
  eps: number;
  /** The number of Newton-Schulz iterations. Default: 5. */
  ns_steps: number;
  /**
   * How the learning rate depends on a matrix's shape; `'spectral_unclamped'` came with torch 2.14. Default: null, which
   * is 'original'.
   */
  adjust_lr_fn: 'original' | 'match_rms_adamw' | 'spectral_unclamped' | null;
}

export type MuonOptions = Given<MuonGroup>;

const ADJUSTMENTS = [
  'original',
  'match_rms_adamw',
  ...(isSince('2.14', libtorch.version) ? ['spectral_unclamped'] : []),
];

type Coefficients = readonly [number, number, number];

const COEFFICIENTS = typeOf<Coefficients>(
  'an array of three numbers',
  (value) => Array.isArray(value) && value.length === 3 && value.every(FLOAT.accepts),
);

const SIGNATURE = new Signature('Muon', {
  params: required(ANYTHING),
  lr: optional<Value>(VALUE, 1e-3),
  weight_decay: optional(FLOAT, 0.1),
  momentum: optional(FLOAT, 0.95),
  nesterov: optional(BOOL, true),
  ns_coefficients: optional<Coefficients>(COEFFICIENTS, [3.4445, -4.775, 2.0315]),
  eps: optional(FLOAT, 1e-7),
  ns_steps: optional(INT, 5),
  adjust_lr_fn: nullable(STRING),
});

/**
 * Muon: steps by the gradient made orthogonal. Parameters are matrices.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.optim.Muon.html
 *
 * @throws RangeError (ValueError) for options out of their range, and for parameters that are no matrices
 */
export class Muon extends Optimizer<MuonGroup> {
  static readonly signature = SIGNATURE.description;

  constructor(
    params: ParametersOrGroups<MuonGroup>,
    ...options: Arguments<
      MuonGroup,
      [
        'lr',
        'weight_decay',
        'momentum',
        'nesterov',
        'ns_coefficients',
        'eps',
        'ns_steps',
        'adjust_lr_fn',
      ]
    >
  );
  constructor(...args: unknown[]) {
    const { params, ...defaults } = SIGNATURE.read(args);
    const { lr, momentum, weight_decay, adjust_lr_fn } = defaults;
    oneElement('lr', lr);
    check('Learning rate', numberOf(lr));
    check('momentum', momentum);
    check('weight decay', weight_decay);
    if (adjust_lr_fn !== null && !ADJUSTMENTS.includes(adjust_lr_fn)) {
      throw valueError(`Adjust learning rate function ${adjust_lr_fn} is not supported`);
    }
    super(params as ParametersOrGroups<MuonGroup>, defaults as MuonGroup);
    const other = this.param_groups.flatMap((group) => group.params).find((p) => p.ndim !== 2);
    if (!other) return;
    throw valueError(
      `Muon only supports 2D parameters whereas we found a parameter with size: torch.Size([${other.shape.join(', ')}])`,
    );
  }

  protected override _isInt(name: string, value: number): boolean {
    return name === 'ns_steps' || super._isInt(name, value);
  }

  protected override _step(group: ParamGroup<MuonGroup>): void {
    for (const param of group.params) {
      const { grad } = param;
      if (!grad) continue;
      if (param.is_complex()) throw runtimeError('Muon does not support complex parameters');
      if (grad.layout === sparse_coo) throw runtimeError('Muon does not support sparse gradients');
      const state = this.stateOf(param);
      const make = (): Tensor => zeros_like(grad, { memory_format: preserve_format });
      const buffer = part(() => (state['momentum_buffer'] ??= make())) as Tensor;
      freeing(() => _stepOne(param, grad, buffer, group));
    }
  }
}

function check(what: string, value: number): void {
  if (!(value >= 0)) throw valueError(`${what} should be >= 0 but is: ${floatRepr(value)}`);
}

function _stepOne(param: Tensor, grad: Tensor, buffer: Tensor, group: MuonGroup): void {
  const { momentum, nesterov, weight_decay } = group;
  if (grad.ndim !== 2) throw valueError('Param gradient must be a 2D matrix');
  const lr = flat(group.lr);
  buffer.lerp_(grad, 1 - momentum);
  const update = orthogonal(nesterov ? grad.lerp(buffer, momentum) : buffer, group);
  const adjusted = times(lr, shapeFactor(param, group.adjust_lr_fn));
  param.mul_(scalar(shrinkage(lr, weight_decay)));
  param.add_(update, { alpha: scalar(negated(adjusted)) });
}

/** Returns the nearest matrix that is orthogonal, nearly, by Newton-Schulz iterations. */
function orthogonal(matrix: Tensor, { ns_coefficients, ns_steps, eps }: MuonGroup): Tensor {
  if (ns_steps >= 100) {
    throw valueError('Number of steps must be less than 100 for computational efficiency');
  }
  const [a, b, c] = ns_coefficients;
  const [rows, columns] = matrix.shape as [number, number];
  let result = to(matrix, { dtype: bfloat16 });
  if (rows > columns) result = result.transpose(0, 1);
  result.div_(vectorNorm(result, 2).clamp({ min: eps }));
  for (let step = 0; step < ns_steps; step++) {
    const gram = result.matmul(result.transpose(0, 1));
    const change = gram.addmm(gram, gram, { beta: b, alpha: c });
    result = result.addmm(change, result, { beta: a });
  }
  return rows > columns ? result.transpose(0, 1) : result;
}

function shapeFactor({ shape }: Tensor, adjust: MuonGroup['adjust_lr_fn']): number {
  const [rows, columns] = shape as [number, number];
  if (adjust === 'match_rms_adamw') return 0.2 * Math.sqrt(Math.max(rows, columns));
  const ratio = rows / columns;
  return Math.sqrt(adjust === 'spectral_unclamped' ? ratio : Math.max(1, ratio));
}
