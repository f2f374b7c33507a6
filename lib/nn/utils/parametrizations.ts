/** Parametrizations of weights. Source: torch/nn/utils/parametrizations.py. */
import { indexError, notImplementedError, valueError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import {
  BOOL,
  FLOAT,
  INT,
  nullable,
  option,
  optional,
  orNull,
  required,
  Signature,
  STRING,
} from '../../dispatch/signature';
import type { Device } from '../../tensor/device';
import type { DType } from '../../tensor/dtype';
import { eye, randn } from '../../tensor/factories';
import { asFloat, type Float } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { finfo } from '../../tensor/type_info';
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from '../modules/conv/transposed';
import { MODULE, Module } from '../modules/module';
import { builtIns } from '../modules/replay';
import { normalizeWeight, normExceptDim, op, vectorNorm, withoutGrad } from '../ops';
import { sizeText } from '../typename';
import { register_parametrization } from './parametrize';

const TARGET = { module: required(MODULE), name: optional(STRING, 'weight') };

function tensorOf(module: Module, name: string): Tensor {
  const value = (module as unknown as Record<string, unknown>)[name];
  if (isTensor(value)) return value as Tensor;
  throw valueError(`Module '${module}' has no parameter or buffer with name '${name}'`);
}

// --- weight_norm ----------------------------------------------------------------------------------------------------

class _WeightNorm extends Module<[weight_g: Tensor, weight_v: Tensor], Tensor> {
  dim: number;

  constructor(dim: number | null) {
    super();
    this.dim = dim ?? -1;
  }

  override forward(weight_g: Tensor, weight_v: Tensor): Tensor {
    return normalizeWeight(weight_v, weight_g, this.dim);
  }

  right_inverse(weight: Tensor): [g: Tensor, v: Tensor] {
    return [normExceptDim(weight, 2, this.dim), weight];
  }
}
builtIns.add(_WeightNorm);

const WEIGHT_NORM = new Signature('weight_norm', {
  ...TARGET,
  dim: optional<number | null>(orNull(INT), 0),
});

/**
 * Splits a weight into its norm and its direction, which are learned.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html
 *
 * @param dim - the dimension whose slices have norms; null for one norm of the whole weight. Default: 0
 */
export function weight_norm<M extends Module>(
  module: M,
  name?: string | { name?: string; dim?: number | null },
  dim?: number | null | { dim?: number | null },
): M;
export function weight_norm(...args: unknown[]): Module {
  const { module, name, dim } = WEIGHT_NORM.read(args);
  register_parametrization(module, name, new _WeightNorm(dim) as unknown as Module, {
    unsafe: true,
  });
  // State of the older weight_norm has other names.
  module.register_load_state_dict_pre_hook((_, state, prefix) => {
    const [g, v] = [`${prefix}${name}_g`, `${prefix}${name}_v`];
    if (!state.has(g) || !state.has(v)) return;
    for (const [index, key] of [g, v].entries()) {
      state.set(`${prefix}parametrizations.${name}.original${index}`, state.get(key));
      state.delete(key);
    }
  });
  return module;
}

// --- spectral_norm --------------------------------------------------------------------------------------------------

const divideInto = op<(self: Tensor, other: Tensor, options: { out: Tensor }) => Tensor>('div', [
  'out',
]);

/** Returns a vector divided by its norm. Python's `F.normalize` along dimension 0. */
const normalized = (vector: Tensor, eps: number): Tensor =>
  vector.div(vectorNorm(vector, 2, [0], true).clamp_min(asFloat(eps)).expand_as(vector));

class _SpectralNorm extends Module<[weight: Tensor], Tensor> {
  dim: number;
  eps: number;
  n_power_iterations: number;
  declare _u: Tensor;
  declare _v: Tensor;

  constructor(weight: Tensor, n_power_iterations: number, dim: number, eps: number) {
    super();
    const { ndim } = weight;
    if (dim >= ndim || dim < -ndim) {
      throw indexError(
        `Dimension out of range (expected to be in range of [-${ndim}, ${ndim - 1}] but got ${dim})`,
      );
    }
    if (n_power_iterations <= 0) {
      throw valueError(
        `Expected n_power_iterations to be positive, but got n_power_iterations=${n_power_iterations}`,
      );
    }
    this.dim = dim >= 0 ? dim : dim + ndim;
    this.eps = eps;
    this.n_power_iterations = n_power_iterations;
    if (ndim <= 1) return;
    const matrix = this._matrix(weight);
    const names = ['_u', '_v'];
    const random = matrix.shape.map((size) => matrix.new_empty([size]).normal_(0, 1));
    for (const [index, name] of names.entries()) {
      this.register_buffer(name, normalized(random[index]!, eps));
    }
    this._iterate(matrix, 15);
  }

  /** Returns the weight as a matrix, with `dim` first. @internal */
  _matrix(weight: Tensor): Tensor {
    const others = weight.shape.map((_, dim) => dim).filter((dim) => dim !== this.dim);
    return (this.dim === 0 ? weight : weight.permute([this.dim, ...others])).flatten(1);
  }

  /** Improves the singular vectors by the power method. @internal */
  _iterate(matrix: Tensor, count: number): void {
    const into = (out: Tensor, vector: Tensor): void => {
      const norm = vectorNorm(vector, 2, [0], true).clamp_min_(asFloat(this.eps));
      divideInto(vector, norm.expand_as(vector), { out });
    };
    withoutGrad(() => {
      for (let iteration = 0; iteration < count; iteration++) {
        into(this._u, matrix.mv(this._v));
        into(this._v, matrix.t().conj().mv(this._u));
      }
    });
  }

  override forward(weight: Tensor): Tensor {
    if (weight.ndim === 1) return normalized(weight, this.eps);
    const matrix = this._matrix(weight);
    if (this.training) this._iterate(matrix, this.n_power_iterations);
    const [u, v] = [this._u.clone(), this._v.clone()];
    return weight.div(u.vdot(matrix.mv(v)));
  }

  right_inverse(value: Tensor): Tensor {
    return value;
  }
}
builtIns.add(_SpectralNorm);

export interface SpectralNormOptions {
  /** Default: `'weight'`. */
  name?: string | undefined;
  /** The number of steps of the power method whenever the weight is computed in training. Default: 1. */
  n_power_iterations?: number | undefined;
  /** The least norm of a vector that is divided by its norm. Default: 1e-12. */
  eps?: number | undefined;
  /** The dimension of the outputs. Default: null, 1 for transposed convolutions, else 0. */
  dim?: number | null | undefined;
}

const SPECTRAL_NORM = new Signature('spectral_norm', {
  ...TARGET,
  n_power_iterations: optional(INT, 1),
  eps: optional(FLOAT, 1e-12),
  dim: nullable(INT),
});

/**
 * Divides a weight by its largest singular value, which the power method estimates.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html
 */
export function spectral_norm<M extends Module>(
  module: M,
  name?: string | SpectralNormOptions,
  n_power_iterations?: number | Omit<SpectralNormOptions, 'name'>,
  eps?: number,
  dim?: number | null,
): M;
export function spectral_norm(...args: unknown[]): Module {
  const { module, name, n_power_iterations, eps, dim } = SPECTRAL_NORM.read(args);
  const weight = tensorOf(module, name);
  const outputs = dim ?? (isTransposedConvolution(module) ? 1 : 0);
  const norm = new _SpectralNorm(weight, n_power_iterations, outputs, eps);
  return register_parametrization(module, name, norm as unknown as Module);
}

const isTransposedConvolution = (module: Module): boolean =>
  [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d].some((Class) => module instanceof Class);

// --- orthogonal -----------------------------------------------------------------------------------------------------

const cat = op<(tensors: readonly Tensor[], dim: number) => Tensor>('cat');
const geqrf = op<(self: Tensor) => Iterable<Tensor>>('geqrf');
const householder = op<(input: Tensor, tau: Tensor) => Tensor>('linalg_householder_product');
const exponential = op<(self: Tensor) => Tensor>('matrix_exp');
const solve = op<(A: Tensor, B: Tensor) => Tensor>('linalg_solve');
const addScaled = op<(self: Tensor, other: Tensor, options: { alpha: Float }) => Tensor>('add', [
  'Tensor',
]);
const zerosLike = op<(self: Tensor) => Tensor>('zeros_like');

const adjoint = (matrix: Tensor): Tensor => matrix.mT.conj();
const diagonalOf = (matrix: Tensor): Tensor => matrix.diagonal(0, -2, -1);
const placeOf = ({ dtype, device }: Tensor): { dtype: DType; device: Device } => ({
  dtype,
  device,
});
const factorized = (matrix: Tensor): [Tensor, Tensor] => [...geqrf(matrix)] as [Tensor, Tensor];

function isOrthogonal(matrix: Tensor): boolean {
  const [rows, columns] = [matrix.size(-2), matrix.size(-1)];
  const atol = 10 * rows * finfo(matrix.dtype).eps;
  return adjoint(matrix)
    .matmul(matrix)
    .allclose(eye(columns, placeOf(matrix)), { atol });
}

/** Returns the Q of a QR decomposition whose R has a positive diagonal. */
function orthogonalized(matrix: Tensor): Tensor {
  const [reflectors, tau] = factorized(matrix);
  return householder(reflectors, tau).mul_(diagonalOf(reflectors).sgn().unsqueeze(-2));
}

export type OrthogonalMap = 'matrix_exp' | 'cayley' | 'householder';

class _Orthogonal extends Module<[X: Tensor], Tensor> {
  shape: readonly number[];
  orthogonal_map: OrthogonalMap;
  declare base?: Tensor | null;

  constructor(weight: Tensor, orthogonal_map: OrthogonalMap, isTrivialized: boolean) {
    super();
    if (weight.is_complex() && orthogonal_map === 'householder') {
      throw valueError('The householder parametrization does not support complex tensors.');
    }
    this.shape = weight.shape;
    this.orthogonal_map = orthogonal_map;
    if (isTrivialized) this.register_buffer('base', null);
  }

  override forward(X: Tensor): Tensor {
    const isWide = X.size(-2) < X.size(-1);
    const tall = isWide ? X.mT : X;
    let Q = this.orthogonal_map === 'householder' ? reflected(tall) : mapped(tall, this);
    if (this.base) Q = this.base.matmul(Q);
    return isWide ? Q.mT : Q;
  }

  right_inverse(Q: Tensor): Tensor {
    if (String(Q.shape) !== String(this.shape)) {
      throw valueError(
        `Expected a matrix or batch of matrices of shape ${sizeText(this.shape)}. ` +
          `Got a tensor of shape ${sizeText(Q.shape)}.`,
      );
    }
    return withoutGrad(() => {
      const isWide = Q.size(-2) < Q.size(-1);
      const tall = isWide ? Q.mT : Q;
      if (this.base === undefined) {
        const reflectors = reflectorsOf(tall, this.orthogonal_map);
        return isWide ? reflectors.mT : reflectors;
      }
      this.base = completed(tall);
      const negative = zerosLike(Q);
      diagonalOf(negative).fill_(asFloat(-1));
      return negative;
    });
  }
}
builtIns.add(_Orthogonal);

/** Maps a tall matrix to an orthogonal one by the matrix exponential or the Cayley transform. */
function mapped(X: Tensor, { orthogonal_map }: _Orthogonal): Tensor {
  const [rows, columns] = [X.size(-2), X.size(-1)];
  let lower = X.tril();
  if (rows !== columns) {
    const zeros = lower.new_zeros([rows, rows - columns]);
    lower = cat([lower, zeros.expand([...lower.shape.slice(0, -2), -1, -1])], -1);
  }
  const A = lower.sub(adjoint(lower));
  let Q: Tensor;
  if (orthogonal_map === 'matrix_exp') Q = exponential(A);
  else {
    const identity = eye(rows, placeOf(A));
    const half = (alpha: number): Tensor => addScaled(identity, A, { alpha: asFloat(alpha) });
    Q = solve(half(-0.5), half(0.5));
  }
  return rows === columns ? Q : Q.narrow(-1, 0, columns);
}

/** Maps a tall matrix to an orthogonal one by a product of Householder reflections. */
function reflected(X: Tensor): Tensor {
  const A = X.tril(-1);
  const tau = A.mul(A).sum(-2).add(asFloat(1)).reciprocal().mul(asFloat(2));
  return householder(A, tau).mul(diagonalOf(X).int().unsqueeze(-2));
}

function reflectorsOf(tall: Tensor, map: OrthogonalMap): Tensor {
  if (map !== 'householder') {
    throw notImplementedError(
      'It is not possible to assign to the matrix exponential or the Cayley parametrizations when use_trivialization=False.',
    );
  }
  const [reflectors, tau] = factorized(tall);
  const diagonal = diagonalOf(reflectors);
  diagonal.sign_();
  const isUnused = tau.eq(asFloat(0));
  diagonal.index_put_([isUnused], diagonal.index(isUnused).mul(-1));
  return reflectors;
}

/** Returns a square orthogonal matrix that begins with the columns of a tall one. */
function completed(tall: Tensor): Tensor {
  const [rows, columns] = [tall.size(-2), tall.size(-1)];
  if (rows === columns) return isOrthogonal(tall) ? tall.clone() : orthogonalized(tall);
  const size = [...tall.shape.slice(0, -2), rows, rows - columns];
  return orthogonalized(cat([tall, randn(size, placeOf(tall))], -1));
}

export interface OrthogonalOptions {
  /** Default: `'weight'`. */
  name?: string | undefined;
  /** Default: null, `'matrix_exp'` for square and complex matrices, else `'householder'`. */
  orthogonal_map?: OrthogonalMap | null | undefined;
  /** Whether the matrix is computed from a fixed one that it begins with. Default: true. */
  use_trivialization?: boolean | undefined;
}

const ORTHOGONAL = new Signature('orthogonal', {
  ...TARGET,
  orthogonal_map: nullable(STRING),
  use_trivialization: option(BOOL, true),
});

/**
 * Makes a matrix, or a batch of matrices, orthogonal or unitary.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html
 *
 * @throws RangeError (ValueError) unless the tensor has two dimensions or more
 */
export function orthogonal<M extends Module>(
  module: M,
  name?: string | OrthogonalOptions,
  orthogonal_map?: OrthogonalMap | null | Omit<OrthogonalOptions, 'name'>,
  options?: Pick<OrthogonalOptions, 'use_trivialization'>,
): M;
export function orthogonal(...args: unknown[]): Module {
  const { module, name, orthogonal_map, use_trivialization } = ORTHOGONAL.read(args);
  const weight = tensorOf(module, name);
  if (weight.ndim < 2) {
    throw valueError(
      `Expected a matrix or batch of matrices. Got a tensor of ${weight.ndim} dimensions.`,
    );
  }
  const isSquare = weight.size(-2) === weight.size(-1);
  const map = orthogonal_map ?? (isSquare || weight.is_complex() ? 'matrix_exp' : 'householder');
  if (map !== 'matrix_exp' && map !== 'cayley' && map !== 'householder') {
    throw valueError(
      `orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: ${map}`,
    );
  }
  const parametrization = new _Orthogonal(weight, map, use_trivialization);
  return register_parametrization(module, name, parametrization as unknown as Module, {
    unsafe: true,
  });
}
