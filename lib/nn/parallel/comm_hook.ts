/** Communication hooks that are written in JavaScript. native/distributed/comm_hooks.cc calls them. */
import { typeError } from '../../bindings/errors';
import { type Handle, handleOf, isTensor } from '../../bindings/handle';
import { type NativeCommHook, native } from '../../bindings/native';
import { wrap } from '../../bindings/wrap';
import { describe } from '../../dispatch/arguments';
import type { CommHook } from '../../distributed/algorithms/default_hooks';
import { GradBucket } from '../../distributed/grad_bucket';
import { inCommHook } from '../../distributed/launch';
import type { Tensor } from '../../tensor/tensor';
import type { Parameter } from '../parameter';

/** Returns the function that the native side calls for each bucket. */
export function nativeHook<State>(
  hook: CommHook<State>,
  state: State,
  parameters: readonly Parameter[],
): NativeCommHook {
  const combine = async (bucket: GradBucket): Promise<Handle> => {
    const result: unknown = await hook(state, bucket);
    if (isTensor(result)) return handleOf(result as Tensor)!;
    throw typeError(
      `a communication hook must return a promise of a Tensor, got a promise of ${describe(result)}`,
    );
  };
  return (number, index, isLast, buffer, places) => {
    const bucket = GradBucket._of({
      index,
      isLast,
      buffer: wrap(buffer),
      parameters: places.map((place) => parameters[place]!),
    });
    inCommHook(() => combine(bucket))
      .then((result) => native.dist_resolve_hook(number, result))
      .catch((error: unknown) => native.dist_reject_hook(number, error));
  };
}
