/**
 * How DistributedDataParallel combines gradients. Source: torch/distributed/algorithms/ddp_comm_hooks/default_hooks.py.
 * native/distributed/reducer.cc runs these hooks off the event loop.
 */
import { inspect } from 'node:util';
import { typeError } from '../../bindings/errors';
import { bfloat16, type DType, float16 } from '../../tensor/dtype';

const SECRET = Symbol('CommHook');

/** A hook for {@link DistributedDataParallel.register_comm_hook}. Those below are all there are. */
export class CommHook {
  /** @internal */
  constructor(
    readonly name: string,
    /** The dtype in which gradients are sent. Null is their own. */
    readonly dtype: DType | null,
    secret: typeof SECRET,
  ) {
    if (secret !== SECRET) throw typeError('CommHook: no constructor; use fp16_compress_hook');
    Object.freeze(this);
  }

  toString(): string {
    return `<function ${this.name}>`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** Averages gradients in their own dtype, as without a hook. */
export const allreduce_hook: CommHook = new CommHook('allreduce_hook', null, SECRET);
/** Averages gradients in float16. */
export const fp16_compress_hook: CommHook = new CommHook('fp16_compress_hook', float16, SECRET);
/** Averages gradients in bfloat16. As in Python, it needs NCCL. */
export const bf16_compress_hook: CommHook = new CommHook('bf16_compress_hook', bfloat16, SECRET);
