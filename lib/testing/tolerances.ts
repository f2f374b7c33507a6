/** The default tolerances of each dtype. Source: torch/testing/_comparison.py. */

import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import { Mismatch } from './mismatch';
import type { Path } from './values';

export interface Tolerances {
  readonly rtol: number;
  readonly atol: number;
}

const half: Tolerances = { rtol: 1e-3, atol: 1e-5 };
const single: Tolerances = { rtol: 1.3e-6, atol: 1e-5 };
const double: Tolerances = { rtol: 1e-7, atol: 1e-7 };

const PRECISIONS = new Map<DType, Tolerances>([
  [dtypes.float16, half],
  [dtypes.bfloat16, { rtol: 1.6e-2, atol: 1e-5 }],
  [dtypes.float32, single],
  [dtypes.float64, double],
  [dtypes.complex32, half],
  [dtypes.complex64, single],
  [dtypes.complex128, double],
]);
const EXACT: Tolerances = { rtol: 0, atol: 0 };

/** Returns the largest of the dtypes' default tolerances. */
function defaultTolerances(...types: readonly DType[]): Tolerances {
  const found = types.map((dtype) => PRECISIONS.get(dtype) ?? EXACT);
  return {
    rtol: Math.max(...found.map(({ rtol }) => rtol)),
    atol: Math.max(...found.map(({ atol }) => atol)),
  };
}

/** Returns the given tolerances, of which both are needed, or else the default ones. */
export function tolerancesFor(
  types: readonly DType[],
  { rtol, atol }: { readonly rtol: number | null; readonly atol: number | null },
  path: Path,
): Tolerances {
  if (rtol !== null && atol !== null) return { rtol, atol };
  if (rtol === null && atol === null) return defaultTolerances(...types);
  throw new Mismatch(
    'ValueError',
    `Both 'rtol' and 'atol' must be either specified or omitted, but got no ${rtol === null ? 'rtol' : 'atol'}.`,
    path,
  );
}
