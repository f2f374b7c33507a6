/** `torch.distributed.ReduceOp`. Source: torch/csrc/distributed/c10d/Types.hpp. */
import { inspect } from 'node:util';
import { typeError } from '../bindings/errors';

const SECRET = Symbol('ReduceOp');

/**
 * An operation that combines the tensors of the ranks.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.ReduceOp
 */
export class ReduceOp {
  static readonly SUM: ReduceOp = new ReduceOp('SUM', 0, SECRET);
  static readonly AVG: ReduceOp = new ReduceOp('AVG', 1, SECRET);
  static readonly PRODUCT: ReduceOp = new ReduceOp('PRODUCT', 2, SECRET);
  static readonly MIN: ReduceOp = new ReduceOp('MIN', 3, SECRET);
  static readonly MAX: ReduceOp = new ReduceOp('MAX', 4, SECRET);
  static readonly BAND: ReduceOp = new ReduceOp('BAND', 5, SECRET);
  static readonly BOR: ReduceOp = new ReduceOp('BOR', 6, SECRET);
  static readonly BXOR: ReduceOp = new ReduceOp('BXOR', 7, SECRET);
  static readonly PREMUL_SUM: ReduceOp = new ReduceOp('PREMUL_SUM', 8, SECRET);

  /** @internal */
  constructor(
    readonly name: string,
    /** @internal */
    readonly code: number,
    secret: typeof SECRET,
  ) {
    if (secret !== SECRET) throw typeError('ReduceOp: no constructor; use ReduceOp.SUM and others');
  }

  toString(): string {
    return `RedOpType.${this.name}`;
  }

  [inspect.custom](): string {
    return `<RedOpType.${this.name}: ${this.code}>`;
  }
}

const REAL_ONLY: readonly ReduceOp[] = [
  ReduceOp.MAX,
  ReduceOp.MIN,
  ReduceOp.PRODUCT,
  ReduceOp.BAND,
  ReduceOp.BOR,
  ReduceOp.BXOR,
];

/** Whether an operation can combine complex tensors. */
export function supports_complex(reduceOp: ReduceOp): boolean {
  if (!(reduceOp instanceof ReduceOp)) {
    throw typeError("supports_complex(): argument 'reduceOp' must be a ReduceOp");
  }
  return !REAL_ONLY.includes(reduceOp);
}
