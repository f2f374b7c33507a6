/**
 * Pairs of tensors and typed arrays. Source of checks and messages: torch/testing/_comparison.py, of the same release.
 */

import { isTensor } from '../bindings/handle';
import { op } from '../nn/ops';
import { sizeText } from '../nn/typename';
import { as_tensor, type TensorData } from '../tensor/creation';
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import { promote_types } from '../tensor/functions/predicates';
import type { Layout } from '../tensor/layout';
import * as layouts from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { tupleRepr } from '../utils/python';
import { explanation } from './explanation';
import { Mismatch } from './mismatch';
import { itemOf, numberText } from './numbers';
import { type Comparison, Pair, UNSUPPORTED } from './pair';
import { isTiny, scalarMismatch, tensorMismatch } from './texts';
import { type Tolerances, tolerancesFor } from './tolerances';
import { isTensorLike, type Path } from './values';

type Values = (actual: Tensor, expected: Tensor, identifier?: string) => void;

// Operators for sparse tensors.
const sparseDim = op<(self: Tensor) => number>('sparse_dim');
const nonzeroes = op<(self: Tensor) => number>('_nnz');
const toDense = op<(self: Tensor) => Tensor>('to_dense');
const part = (name: string) => op<(self: Tensor) => Tensor>(name);
const values = part('values');

const COMPRESSED = new Map<Layout, readonly [name: string, compressed: string, plain: string]>([
  [layouts.sparse_csr, ['CSR', 'crow_indices', 'col_indices']],
  [layouts.sparse_csc, ['CSC', 'ccol_indices', 'row_indices']],
  [layouts.sparse_bsr, ['BSR', 'crow_indices', 'col_indices']],
  [layouts.sparse_bsc, ['BSC', 'ccol_indices', 'row_indices']],
]);
const LAYOUTS: readonly Layout[] = [layouts.strided, layouts.sparse_coo, ...COMPRESSED.keys()];

export class TensorLikePair extends Pair {
  protected override readonly shown = [
    'rtol',
    'atol',
    'equal_nan',
    'check_device',
    'check_dtype',
    'check_layout',
    'check_stride',
  ] as const;

  private constructor(
    override readonly actual: Tensor,
    override readonly expected: Tensor,
    path: Path,
    protected override readonly options: Comparison & Tolerances,
  ) {
    super(actual, expected, path, options);
  }

  static of(actual: unknown, expected: unknown, path: Path, options: Comparison) {
    if (!isTensorLike(actual) || !isTensorLike(expected)) return UNSUPPORTED;
    if (!areRelated(actual as object, expected as object, options.allow_subclasses)) {
      return UNSUPPORTED;
    }
    const tensors = [actual, expected].map((value) =>
      isTensor(value) ? (value as Tensor) : as_tensor(value as TensorData),
    ) as [Tensor, Tensor];
    for (const { layout } of tensors) {
      if (!LAYOUTS.includes(layout)) {
        throw new Mismatch('ValueError', `Unsupported tensor layout ${layout}`, path);
      }
    }
    const types = tensors.map(({ dtype }) => dtype);
    return new TensorLikePair(...tensors, path, {
      ...options,
      ...tolerancesFor(types, options, path),
    });
  }

  override compare(): void {
    this.compareAttributes();
    const { actual, expected } = this;
    if (actual.device.type === 'meta' || expected.device.type === 'meta') return;
    this.compareValues(...equalized(actual, expected));
  }

  private compareAttributes(): void {
    const { actual, expected, options } = this;
    const compare = (
      name: string,
      show: (tensor: Tensor) => string,
      isChecked: boolean = true,
    ): void => {
      const [left, right] = [show(actual), show(expected)];
      if (!isChecked || left === right) return;
      const details = areStrided && hasValues ? explanation(actual, expected) : '';
      this.fail(`The values for attribute '${name}' do not match: ${left} != ${right}.`, details);
    };
    const both = (is: (tensor: Tensor) => boolean): boolean => [actual, expected].every(is);
    const areStrided = both(({ layout }) => layout === layouts.strided);
    const hasValues = both(({ device }) => device.type !== 'meta');
    compare('shape', ({ shape }) => sizeText(shape));
    compare('layout', ({ layout }) => String(layout), options.check_layout);
    if (areStrided) compare('stride()', (t) => tupleRepr(t.stride()), options.check_stride);
    compare('device', ({ device }) => String(device), options.check_device);
    compare('dtype', ({ dtype }) => String(dtype), options.check_dtype);
  }

  private compareValues(actual: Tensor, expected: Tensor): void {
    const close: Values = (...tensors) => this.compareClose(...tensors);
    const { layout } = actual;
    if (layout === layouts.sparse_coo) {
      this.compareCoordinates(actual, expected, close);
    } else if (layout !== layouts.strided) {
      this.compareCompressed(actual, expected, close);
    } else {
      const { rtol, atol } = this.options;
      if (isTiny(actual) && (rtol !== 0 || atol !== 0)) {
        throw new Mismatch(
          'AssertionError',
          `Rtol=${numberText(rtol)} and atol=${numberText(atol)} are not supported for bitwise comparison of low ` +
            'dimensional floats. Please use rtol=0.0 and atol=0.0.',
          [],
        );
      }
      close(actual, expected);
    }
  }

  private compareCoordinates(actual: Tensor, expected: Tensor, close: Values): void {
    this.compareCounts('sparse dimensions', 'COO', sparseDim(actual), sparseDim(expected));
    this.compareCounts('specified values', 'COO', nonzeroes(actual), nonzeroes(expected));
    const [indices, elements] = [part('_indices'), part('_values')];
    this.compareEqual(indices(actual), indices(expected), 'Sparse COO indices');
    close(elements(actual), elements(expected), 'Sparse COO values');
  }

  private compareCompressed(actual: Tensor, expected: Tensor, close: Values): void {
    const [format, ...indices] = COMPRESSED.get(actual.layout)!;
    this.compareCounts('specified values', format, nonzeroes(actual), nonzeroes(expected));
    for (const name of indices) {
      const indicesOf = part(name);
      const [left, right] = [indicesOf(actual), indicesOf(expected)];
      const dtype = promote_types(left.dtype, right.dtype);
      this.compareEqual(left.to(dtype), right.to(dtype), `Sparse ${format} ${name}`);
    }
    close(values(actual), values(expected), `Sparse ${format} values`);
  }

  private compareCounts(what: string, format: string, actual: number, expected: number): void {
    if (actual === expected) return;
    this.fail(
      `The number of ${what} in sparse ${format} tensors does not match: ${actual} != ${expected}`,
    );
  }

  private compareEqual(actual: Tensor, expected: Tensor, identifier: string): void {
    this.compareClose(actual, expected, identifier, { rtol: 0, atol: 0 }, false);
  }

  private compareClose(
    actual: Tensor,
    expected: Tensor,
    identifier?: string,
    tolerances: Tolerances = this.options,
    equal_nan: boolean = this.options.equal_nan,
  ): void {
    const { rtol, atol } = tolerances;
    const matches = actual.isclose(expected, { rtol, atol, equal_nan });
    if (matches.all().item()) return;
    this.fail(
      actual.ndim === 0
        ? scalarMismatch(itemOf(actual), itemOf(expected), tolerances, identifier)
        : tensorMismatch(actual, expected, matches, tolerances, identifier),
      explanation(actual, expected),
    );
  }
}

/** Returns whether the class of one value is the class of the other or derives from it. */
function areRelated(actual: object, expected: object, allowSubclasses: boolean): boolean {
  if (actual.constructor === expected.constructor) return true;
  const [Actual, Expected] = [actual.constructor, expected.constructor];
  return allowSubclasses && (actual instanceof Expected || expected instanceof Actual);
}

/** Converts both tensors to the same device, dtype and layout. */
function equalized(actual: Tensor, expected: Tensor): [Tensor, Tensor] {
  let pair: [Tensor, Tensor] = [actual, expected];
  const change = (convert: (tensor: Tensor) => Tensor): void => {
    pair = pair.map(convert) as [Tensor, Tensor];
  };
  if (String(actual.device) !== String(expected.device)) change((tensor) => tensor.cpu());
  if (actual.dtype !== expected.dtype) {
    const dtype = promote_types(comparable(actual.dtype), comparable(expected.dtype));
    change((tensor) => tensor.to(dtype));
  }
  if (actual.layout !== expected.layout) {
    change((tensor) => (tensor.layout === layouts.strided ? tensor : toDense(tensor)));
  }
  return pair;
}

const UNPROMOTED: readonly DType[] = [dtypes.uint64, dtypes.uint32, dtypes.uint16];
const comparable = (dtype: DType): DType => (UNPROMOTED.includes(dtype) ? dtypes.int64 : dtype);
