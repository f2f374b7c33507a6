/** Sets how precise and how reproducible results are, for the process. */

import { native } from '../bindings/native';
import { bind, type Callee, describe, fail } from '../dispatch/arguments';

/** Returns the precision of float32 matrix products on CUDA: `highest`, `high` (TF32) or `medium` (bfloat16). */
export function get_float32_matmul_precision(): string {
  return native.get_float32_matmul_precision();
}

/**
 * Sets the precision of float32 matrix products. See
 * https://docs.pytorch.org/docs/stable/generated/torch.set_float32_matmul_precision.html
 */
export function set_float32_matmul_precision(precision: 'highest' | 'high' | 'medium'): void {
  native.set_float32_matmul_precision(precision);
}

const DETERMINISTIC: Callee = {
  name: 'use_deterministic_algorithms',
  parameters: [
    { name: 'mode', required: true },
    { name: 'warn_only', keywordOnly: true },
  ],
};

/**
 * Makes operators use algorithms that give the same bits in each run. An operator without one throws.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
 */
export function use_deterministic_algorithms(
  mode: boolean,
  options?: { warn_only?: boolean },
): void;
export function use_deterministic_algorithms(...args: unknown[]): void {
  const [mode, warn_only = false] = bind(DETERMINISTIC, args);
  for (const [name, value] of Object.entries({ mode, warn_only })) {
    if (typeof value !== 'boolean') {
      throw fail(DETERMINISTIC, `argument '${name}' must be a boolean, got ${describe(value)}`);
    }
  }
  native.use_deterministic_algorithms(mode as boolean, warn_only as boolean);
}

/** Returns whether {@link use_deterministic_algorithms} is on. */
export function are_deterministic_algorithms_enabled(): boolean {
  return native.deterministic_algorithms();
}

/** Returns whether an operator without a deterministic algorithm warns instead of throwing. */
export function is_deterministic_algorithms_warn_only_enabled(): boolean {
  return native.deterministic_algorithms_warn_only();
}
