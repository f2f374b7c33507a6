/** Calls off the event loop: native/bindings/jobs.h. */
import type { Complex } from '../../tensor/scalar';
import type { Handle } from '../handle';
import type { NativeAutograd } from './autograd';
import type { NativeLinearLosses, NativeLosses } from './losses';
import type { NativeOperators } from './operators';

/** The calls that can be made as jobs. A loss is called in the same way as at once, and returns a promise. */
export interface NativeJob extends NativeLosses<Promise<Handle>> {
  item(tensor: Handle): Promise<number | bigint | boolean | Complex>;
  /** A contiguous copy on the CPU, or the tensor itself if it is one. */
  contiguous_cpu_copy(tensor: Handle): Promise<Handle>;
  backward(...args: Parameters<NativeAutograd['backward']>): Promise<void>;
  call_operator(...args: Parameters<NativeOperators['call_operator']>): Promise<unknown>;
  adaptive_log_softmax_with_loss(
    ...args: Parameters<NativeLinearLosses['adaptive_log_softmax_with_loss']>
  ): Promise<[output: Handle, loss: Handle]>;
}

/** The same calls as the addon exports them, each with the number of its job first. */
export type NativeAsync = {
  readonly [Name in keyof NativeJob]: (
    job: number,
    ...args: Parameters<NativeJob[Name]>
  ) => ReturnType<NativeJob[Name]>;
};

export interface NativeJobs {
  readonly async: NativeAsync;
  /** Drops a job that has not started; returns false if it has. */
  cancel_job(job: number): boolean;
}
