/** Functions of several tensors. */

import { runtimeError, typeError, valueError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { bind, type Callee, describe, fail, isOptions } from '../../dispatch/arguments';
import { isInt64 } from '../../dispatch/marshalling';
import { operator, type Signature, type TorchFunction, torchFunction } from '../methods/signature';
import type { Tensor } from '../tensor';

type Tensors = readonly Tensor[];
type Joined = Signature<[tensors: Tensors, dim?: number], { tensors: Tensors; dim?: number }>;
type Stacked = Signature<[tensors: Tensors], { tensors: Tensors }>;

export const cat = torchFunction<Joined>('cat');
export const concat = torchFunction<Joined>('concat');
export const concatenate = torchFunction<Joined>('concatenate');
export const stack = torchFunction<Joined>('stack');
export const hstack = torchFunction<Stacked>('hstack');
export const vstack = torchFunction<Stacked>('vstack');
export const dstack = torchFunction<Stacked>('dstack');
export const column_stack = torchFunction<Stacked>('column_stack');
export const row_stack = torchFunction<Stacked>('row_stack');
export const complex =
  torchFunction<Signature<[real: Tensor, imag: Tensor], { real: Tensor; imag: Tensor }>>('complex');
export const polar =
  torchFunction<Signature<[abs: Tensor, angle: Tensor], { abs: Tensor; angle: Tensor }>>('polar');

// --- any number of tensors -------------------------------------------------------------------------------------------

/** Tensors as separate arguments, or one list of them. */
type TensorsOrList = Tensor[] | [tensors: Tensors];

function listOf(args: readonly unknown[]): readonly unknown[] {
  return args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
}

const broadcast = operator('broadcast_tensors') as unknown as (tensors: unknown) => Tensor[];
const blocks = operator('block_diag');
const products = operator('cartesian_prod');
const grid = operator('meshgrid') as unknown as (tensors: unknown) => Tensor[];
const gridIndexed = operator('meshgrid', 'indexing') as unknown as (
  tensors: unknown,
  options: object,
) => Tensor[];

/** https://docs.pytorch.org/docs/stable/generated/torch.broadcast_tensors.html */
export function broadcast_tensors(...tensors: TensorsOrList): Tensor[] {
  return broadcast(listOf(tensors));
}

/** https://docs.pytorch.org/docs/stable/generated/torch.block_diag.html */
export function block_diag(...tensors: TensorsOrList): Tensor {
  return blocks(listOf(tensors));
}

/** https://docs.pytorch.org/docs/stable/generated/torch.cartesian_prod.html */
export function cartesian_prod(...tensors: TensorsOrList): Tensor {
  return products(listOf(tensors));
}

/**
 * Returns grids of coordinates. `indexing` is `'ij'` or `'xy'`; like Python, it warns if `indexing` is missing.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.meshgrid.html
 */
export function meshgrid(
  ...args:
    | [...Tensor[], { indexing?: 'ij' | 'xy' }]
    | TensorsOrList
    | [Tensors, { indexing?: 'ij' | 'xy' }]
): Tensor[] {
  const last: unknown = args.at(-1);
  if (!isOptions(last)) return grid(listOf(args));
  const tensors = listOf(args.slice(0, -1));
  return last.indexing === undefined ? grid(tensors) : gridIndexed(tensors, last);
}

/** `torch.atleast_1d` and its siblings: for one tensor, or for each of several. */
interface AtLeast {
  (tensor: Tensor): Tensor;
  (...tensors: Tensor[] | [tensors: Tensors]): Tensor[];
}

function atLeast(name: string): AtLeast {
  const one = operator(name);
  const all = operator(name, 'Sequence');
  const call = (...args: unknown[]): unknown =>
    args.length === 1 && !Array.isArray(args[0]) ? one(args[0]) : all(listOf(args));
  return Object.defineProperty(call, 'name', { value: name }) as AtLeast;
}

export const atleast_1d = atLeast('atleast_1d');
export const atleast_2d = atLeast('atleast_2d');
export const atleast_3d = atLeast('atleast_3d');

/**
 * Returns the shape that results from broadcasting these shapes.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.broadcast_shapes.html
 *
 * @throws TorchError (RuntimeError) if the shapes cannot be broadcast
 */
export function broadcast_shapes(...shapes: (number | readonly number[])[]): number[] {
  const lists = shapes.map((shape) => (Array.isArray(shape) ? shape : [shape]) as number[]);
  for (const size of lists.flat()) {
    if (!Number.isSafeInteger(size)) {
      const given = describe(size);
      throw typeError(
        `broadcast_shapes(): shapes must be integers or arrays of them, got ${given}`,
      );
    }
  }
  const common = new Array<number>(Math.max(0, ...lists.map(({ length }) => length))).fill(1);
  for (const [position, shape] of lists.entries()) {
    for (let back = 1; back <= shape.length; back++) {
      const size = shape.at(-back)!;
      const at = common.length - back;
      if (common[at] === size || size === 1) continue;
      if (common[at] !== 1) throw unbroadcastable(size, -back, position, shape, common);
      if (size < 0) throw valueError('Attempting to broadcast a dimension with negative length!');
      common[at] = size;
    }
  }
  return common;
}

function unbroadcastable(
  size: number,
  dim: number,
  position: number,
  shape: readonly number[],
  common: readonly number[],
): Error {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  return runtimeError(
    `Attempting to broadcast a dimension of length ${size} at ${dim}! Mismatching argument at index ${position} had ` +
      `${tuple}; but expected shape should be broadcastable to [${common.join(', ')}]`,
  );
}

// --- products --------------------------------------------------------------------------------------------------------

const contract = operator('einsum');
const dots = operator('tensordot');

/**
 * Returns sums of products by Einstein's convention: `einsum('ij,jk->ik', a, b)`. Operands may also alternate with
 * lists of subscripts: `einsum(a, [0, 1], b, [1, 2], [0, 2])`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
 */
export function einsum(equation: string, ...operands: TensorsOrList): Tensor;
export function einsum(...operandsAndSubscripts: (Tensor | readonly (number | '...')[])[]): Tensor;
export function einsum(...args: unknown[]): Tensor {
  if (args.length < 2) {
    throw valueError(
      'einsum(): must specify the equation string and at least one operand, or at least one operand and its ' +
        'subscripts list',
    );
  }
  if (!isTensor(args[0])) return contract(args[0], listOf(args.slice(1)));
  const pairs = Math.floor(args.length / 2);
  const parts = (position: number): string => subscripts(args[position]);
  const inputs = Array.from({ length: pairs }, (_, index) => parts(2 * index + 1)).join(',');
  const output = args.length % 2 === 1 ? `->${parts(args.length - 1)}` : '';
  const operands = args.slice(0, 2 * pairs).filter((_, index) => index % 2 === 0);
  return contract(inputs + output, operands);
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

function subscripts(list: unknown): string {
  if (!Array.isArray(list)) {
    throw fail(
      { name: 'einsum', parameters: [] },
      `subscripts must be a list, got ${describe(list)}`,
    );
  }
  return list.map(subscript).join('');
}

function subscript(number: unknown): string {
  if (number === '...') return '...';
  const letter = typeof number === 'number' ? LETTERS[number] : undefined;
  if (letter) return letter;
  throw valueError('einsum(): subscript in subscript list is not within the valid range [0, 52)');
}

const TENSORDOT: Callee = {
  name: 'tensordot',
  parameters: [{ name: 'a', required: true }, { name: 'b', required: true }, { name: 'dims' }],
};

type ContractedDims = number | readonly [readonly number[], readonly number[]];

/** https://docs.pytorch.org/docs/stable/generated/torch.tensordot.html */
export const tensordot = ((...args: unknown[]): Tensor => {
  const [a, b, dims = 2] = bind(TENSORDOT, args) as [Tensor, Tensor, unknown];
  if (Array.isArray(dims)) return dots(a, b, dims[0], dims[1]);
  if (!isInt64(dims)) {
    throw runtimeError(
      'tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists, but got ' +
        `dims=${dims}`,
    );
  }
  const count = Number(dims);
  if (count < 0) throw runtimeError(`tensordot expects dims >= 0, but got dims=${dims}`);
  if (isTensor(a) && isTensor(b) && count > Math.min(a.ndim, b.ndim)) {
    throw runtimeError(`tensordot expects dims < ndim_a or ndim_b, but got dims=${dims}`);
  }
  const first = Array.from({ length: count }, (_, index) => index);
  return dots(
    a,
    b,
    first.map((dim) => dim - count),
    first,
  );
}) as TorchFunction<
  Signature<
    [a: Tensor, b: Tensor, dims?: ContractedDims],
    { a: Tensor; b: Tensor; dims?: ContractedDims }
  >
>;
