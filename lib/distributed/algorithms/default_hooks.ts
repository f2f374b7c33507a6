/**
 * How DistributedDataParallel combines gradients. Source: torch/distributed/algorithms/ddp_comm_hooks/default_hooks.py.
 *
 * Registered by themselves, the hooks run in C++ (native/distributed/comm_hooks.cc). As parts of other hooks, they are
 * these functions.
 */
import { FUNCTION, orNull, required, Signature, typeOf } from '../../dispatch/signature';
import { bfloat16, type DType, float16 } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { all_reduce } from '../collectives';
import { GradBucket } from '../grad_bucket';
import { defineAsync } from '../launch';
import { defaultGroup, ProcessGroup } from '../process_group';

/**
 * Combines the gradients of a bucket with those of the other processes.
 *
 * @param state - what the hook was registered with
 * @returns a promise of the combined gradients, in the shape of the bucket's buffer
 */
// biome-ignore lint/suspicious/noExplicitAny: each hook has a state of its own
export type CommHook<State = any> = (state: State, bucket: GradBucket) => PromiseLike<Tensor>;

const ARGUMENTS = {
  process_group: required<ProcessGroup | null>(
    orNull(typeOf<ProcessGroup>('a ProcessGroup', (value) => value instanceof ProcessGroup)),
  ),
  bucket: required(typeOf<GradBucket>('a GradBucket', (value) => value instanceof GradBucket)),
};

/** The hooks that C++ runs, with the dtype in which they send gradients. Null is the gradients' own. */
export const builtIn = new Map<unknown, DType | null>();

function averaging(name: string, dtype: DType | null): CommHook<ProcessGroup | null> {
  const hook: CommHook<ProcessGroup | null> = defineAsync(
    name,
    ARGUMENTS,
    async ({ process_group, bucket }) => {
      const group = process_group ?? defaultGroup();
      const buffer = bucket.buffer();
      const sent = dtype ? buffer.to(dtype) : buffer;
      sent.div_(group.size());
      await all_reduce(sent, { group });
      return dtype ? buffer.copy_(sent) : sent;
    },
  );
  builtIn.set(hook, dtype);
  return hook;
}

/** Averages gradients in their own dtype, as without a hook. */
export const allreduce_hook: CommHook<ProcessGroup | null> = averaging('allreduce_hook', null);
/** Averages gradients in float16. */
export const fp16_compress_hook: CommHook<ProcessGroup | null> = averaging(
  'fp16_compress_hook',
  float16,
);
/** Averages gradients in bfloat16. As in Python, it needs a CUDA build of libtorch. */
export const bf16_compress_hook: CommHook<ProcessGroup | null> = averaging(
  'bf16_compress_hook',
  bfloat16,
);

function wrapper(name: string, dtype: DType): <State>(hook: CommHook<State>) => CommHook<State> {
  const signature = new Signature(name, { hook: required(FUNCTION) });
  const wrap = (...args: unknown[]): CommHook => {
    const hook = signature.read(args).hook as CommHook;
    const wrapped: CommHook = async (state, bucket) => {
      bucket.set_buffer(bucket.buffer().to(dtype));
      const combined = await hook(state, bucket);
      return bucket.buffer().copy_(combined);
    };
    return Object.defineProperty(wrapped, 'name', { value: `${name}_hook` });
  };
  Object.defineProperty(wrap, 'name', { value: name });
  Object.defineProperty(wrap, 'signature', { value: signature.description });
  return wrap;
}

/** Returns a hook that gives another hook the gradients in float16. */
export const fp16_compress_wrapper: <State>(hook: CommHook<State>) => CommHook<State> = wrapper(
  'fp16_compress_wrapper',
  float16,
);
/** Returns a hook that gives another hook the gradients in bfloat16. As in Python, it needs a CUDA build of libtorch. */
export const bf16_compress_wrapper: <State>(hook: CommHook<State>) => CommHook<State> = wrapper(
  'bf16_compress_wrapper',
  bfloat16,
);
