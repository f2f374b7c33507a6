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
  /** Ends the recording of now, and runs its calls. Gives the last one's result if `record_operator` gave none. */
  run_recording(): Promise<unknown>;
  /**
   * Runs a function in a recording, and then what it recorded, until it returns false. Later jobs wait for all of it. The
   * calls may change the given tensors. The function gets the result of the last call, if `record_operator` gave none.
   */
  run_turns(tensors: readonly Handle[], turn: (result: unknown) => boolean): Promise<void>;
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
  /** Records calls of operators from now on: native/bindings/recording.h. */
  start_recording(): void;
  drop_recording(): void;
  is_recording(): boolean;
  /** Record checks of a tensor: of its number of dimensions, and of its number of elements for each channel. */
  record_dims(tensor: Handle, allowed: readonly number[]): void;
  record_batch_size(tensor: Handle): void;
  /** Returns false for the result of a recorded call that has not run. */
  is_computed(tensor: Handle): boolean;
  /** Returns whether the recording of now has calls. */
  has_recorded(): boolean;
  /**
   * Records a call of an operator, or makes it at once if it computes nothing. Takes the arguments of `call_operator`.
   * Returns the result in an array, or undefined if it is not known before the calls have run.
   */
  record_operator(...args: Parameters<NativeOperators['call_operator']>): [unknown] | undefined;
  /** Drops a job that has not started. Returns false if it has started. */
  cancel_job(job: number): boolean;
}
