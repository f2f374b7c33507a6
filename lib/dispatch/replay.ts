/**
 * Runs functions whose operators compute off the event loop: the forward of modules, the steps of optimizers.
 *
 * Such a function is JavaScript between calls of operators. The calls are recorded, and run together as one job
 * (native/bindings/recording.h). If the function needs a value that is not computed yet, its run ends, the job is awaited,
 * and it runs again: calls that were made before return their results at once. So it is written once, and each operator
 * is called once, in order.
 */
import type { Handle, HandleOwner } from '../bindings/handle';
import { type AsyncOptions, submit } from '../bindings/jobs';
import { type Native, native } from '../bindings/native';
import { deferOperators } from './operators';

/** A call within a function. It has a value once it was made. */
export interface Step {
  value?: unknown;
  /** The calls within a part of the function, until it has ended. */
  inner?: Step[];
  /** The tensors that the part has made: see `freeing`. */
  made?: HandleOwner[];
}

/** The calls of the function that runs now, and how many of them it has made so far in this run. */
interface Frame {
  readonly steps: Step[];
  position: number;
}

/** Is thrown to end a run. */
export class Pause {
  /**
   * @param finish - gets the result of the last recorded call, or of `start`
   * @param start - starts what to await, if that is no recorded call
   */
  constructor(
    readonly finish?: (value: unknown) => void,
    readonly start?: (options: AsyncOptions) => Promise<unknown>,
  ) {}
}

/** Returns whether what was thrown ends a run only, to go on later. */
export const isPause = (thrown: unknown): boolean =>
  thrown instanceof Pause ||
  (thrown as { code?: unknown } | null)?.code === 'ERR_TORCH_NOT_COMPUTED';

let frame: Frame | undefined;

/** Returns whether a function runs whose operators are recorded. */
export const isReplaying = (): boolean => frame !== undefined;

/** Runs a function in a frame, or outside of all frames. */
function within<T>(next: Frame | undefined, run: () => T): T {
  const outer = frame;
  frame = next;
  deferOperators(next && defer);
  try {
    return run();
  } finally {
    frame = outer;
    deferOperators(outer && defer);
  }
}

/** Returns the result of an operator, or ends the run so that it is computed. */
function defer(
  call: Parameters<Native['call_operator']>,
  finish: (result: unknown) => unknown,
): unknown {
  // A hook may run while a call waits for a job.
  if (!native.is_recording()) return finish(native.call_operator(...call));
  const { steps } = frame!;
  const known = steps[frame!.position++];
  if (known) return known.value;
  const recorded = native.record_operator(...call);
  const keep = (result: unknown): unknown => {
    const value = finish(result);
    steps.push({ value });
    return value;
  };
  if (!recorded) throw new Pause(keep);
  return keep(recorded[0]);
}

/** Ends the run if there are calls that must run before what follows. */
export function finishRecorded(): void {
  if (native.has_recorded()) throw new Pause();
}

/** Runs a function of the user, with its operators on this thread, once in all runs. */
export function once<T>(run: () => T): T {
  if (!frame) return run();
  return part(() => {
    finishRecorded();
    return within(undefined, run);
  });
}

/** Runs a part of a function. When it has ended, it is not run again. It may change what it likes after its last pause. */
export function part<T>(run: (step: Step) => T): T {
  if (!frame) return run({});
  const { steps } = frame;
  const step = (steps[frame.position++] ??= { inner: [] });
  if ('value' in step) return step.value as T;
  const value = within({ steps: step.inner!, position: 0 }, () => run(step));
  delete step.inner;
  step.value = value;
  return value;
}

/** Checks a tensor, or records its check if the tensor is not computed yet. */
export function checkOrRecord(tensor: Handle, check: () => void, record: () => void): void {
  part(() => (!frame || native.is_computed(tensor) ? check() : record()));
}

/** What a run came to: a value, an error, or a pause. */
export type Outcome<T> = { value: T } | { error: unknown } | Pause;

/** Runs a function, whose calls so far are the given steps, until it ends or needs a value. */
export function attempt<T>(steps: Step[], run: () => T): Outcome<T> {
  try {
    return { value: within({ steps, position: 0 }, run) };
  } catch (error) {
    if (error instanceof Pause) return error;
    return isPause(error) ? new Pause() : { error };
  }
}

/** Returns the value of an outcome that is no pause, or throws its error. */
export function resultOf<T>(outcome: Exclude<Outcome<T>, Pause>): T {
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/**
 * Runs a function whose operators compute as jobs.
 *
 * @param around - calls what it gets in the modes of the function
 */
export async function replayed<T>(
  run: () => T,
  around: <R>(inner: () => R) => R,
  options: AsyncOptions,
): Promise<T> {
  const steps: Step[] = [];
  for (;;) {
    const [outcome, job] = around(() => start(steps, run, options));
    const result = await job;
    if (!(outcome instanceof Pause)) return resultOf(outcome);
    outcome.finish?.(result);
  }
}

/** Runs a function once, and starts the job of what it recorded. */
function start<T>(
  steps: Step[],
  run: () => T,
  options: AsyncOptions,
): [Outcome<T>, Promise<unknown> | undefined] {
  native.start_recording();
  const outcome = attempt(steps, run);
  if (native.has_recorded()) return [outcome, submit((job) => job.run_recording(), options)];
  native.drop_recording();
  return [outcome, outcome instanceof Pause ? outcome.start?.(options) : undefined];
}
