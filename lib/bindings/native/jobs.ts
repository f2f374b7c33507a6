/** Calls off the event loop: native/bindings/jobs.h. */
import type { Complex } from '../../tensor/scalar';
import type { Handle } from '../handle';
import type { NativeAutograd } from './autograd';
import type { NativeLinearLosses, NativeLosses } from './losses';
import type { NativeOperators } from './operators';
import type { NativeScripts } from './scripts';

/** The calls that can run as jobs. Losses have the same parameters as in a synchronous call, and return promises. */
export interface NativeJob extends NativeLosses<Promise<Handle>> {
  item(tensor: Handle): Promise<number | bigint | boolean | Complex>;
  /** Returns a contiguous copy on the CPU, or the tensor itself if it is one already. */
  contiguous_cpu_copy(tensor: Handle): Promise<Handle>;
  backward(...args: Parameters<NativeAutograd['backward']>): Promise<void>;
  call_operator(...args: Parameters<NativeOperators['call_operator']>): Promise<unknown>;
  script_call(...args: Parameters<NativeScripts['script_call']>): Promise<unknown>;
  adaptive_log_softmax_with_loss(
    ...args: Parameters<NativeLinearLosses['adaptive_log_softmax_with_loss']>
  ): Promise<[output: Handle, loss: Handle]>;
}

/** The job calls as the addon exports them: the job's number comes first. */
type NativeAsync = {
  readonly [Name in keyof NativeJob]: (
    job: number,
    ...args: Parameters<NativeJob[Name]>
  ) => ReturnType<NativeJob[Name]>;
};

export interface NativeJobs {
  readonly async: NativeAsync;
  /** Drops a job that has not started. Returns false if it has started. */
  cancel_job(job: number): boolean;
}
