/** How much c10d checks and tells. Source: torch/csrc/distributed/c10d/debug.h. */
import { native } from '../bindings/native';
import { required, Signature, typeOf } from '../dispatch/signature';

/** What `TORCH_DISTRIBUTED_DEBUG` can say. With DETAIL, the ranks compare each collective before they start it. */
export const DebugLevel = { OFF: 0, INFO: 1, DETAIL: 2 } as const;
export type DebugLevel = (typeof DebugLevel)[keyof typeof DebugLevel];

const LEVEL = typeOf<DebugLevel>('a DebugLevel', (value) =>
  Object.values<unknown>(DebugLevel).includes(value),
);
const SET = new Signature('set_debug_level', { level: required(LEVEL) });

/** Returns the debug level. At first it is that of the environment variable `TORCH_DISTRIBUTED_DEBUG`. */
export const get_debug_level = (): DebugLevel => native.dist_debug_level() as DebugLevel;

/** Sets the debug level, for groups that are made later. */
export function set_debug_level(level: DebugLevel): void;
export function set_debug_level(...args: unknown[]): void {
  native.dist_set_debug_level(SET.read(args).level);
}

/**
 * Sets the debug level to what `TORCH_DISTRIBUTED_DEBUG` says now.
 *
 * @throws RangeError (ValueError) for another value than OFF, INFO and DETAIL
 */
export const set_debug_level_from_env = (): void => native.dist_set_debug_level_from_env();
