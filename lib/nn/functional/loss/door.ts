/**
 * The native losses, as loss functions call them: at once, or, while {@link inJob} runs, as a job.
 *
 * So a loss is written once. In a job each returns the promise of a handle where it would return the handle; what
 * defines a loss (definition.ts) knows which it asked for.
 */
import { type Native, native as now } from '../../../bindings/native';

export let native: Native = now;

/** The door whose calls are the job's. */
const later: Record<string, (...args: unknown[]) => unknown> = {};
let job = 0;

for (const [name, call] of Object.entries(now.async)) {
  later[name] = (...args) => (call as (...args: unknown[]) => unknown)(job, ...args);
}

/** Runs `call`, which makes one native call and nothing else, so that this call is the job `number`. */
export function inJob<T>(number: number, call: () => T): T {
  job = number;
  native = later as unknown as Native;
  try {
    return call();
  } finally {
    native = now;
  }
}
