/** Options for printing tensors. The printing itself is in native/operators/printing.cc. */

import type { Handle } from '../bindings/handle';
import { native } from '../bindings/native';
import { bind, fail } from '../dispatch/arguments';

export interface PrintOptions {
  /** Digits after the decimal point. Default: 4. */
  precision?: number | undefined;
  /** Number of elements above which the output is summarized. Default: 1000. */
  threshold?: number | undefined;
  /** Elements shown at each end of a summarized dimension. Default: 3. */
  edgeitems?: number | undefined;
  /** Characters per line. Default: 80. */
  linewidth?: number | undefined;
  /** A preset that is applied before the other options. */
  profile?: 'default' | 'short' | 'full' | undefined;
  /**
   * Scientific notation: true for always, false for never, null to decide by the values. As in Python, each call resets
   * it.
   */
  sci_mode?: boolean | null | undefined;
}

interface Settings {
  precision: number;
  threshold: number;
  edgeitems: number;
  linewidth: number;
  sci_mode: boolean | null;
}

const DEFAULT = { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 };
const PROFILES = new Map<string, Omit<Settings, 'sci_mode'>>([
  ['default', DEFAULT],
  ['short', { ...DEFAULT, precision: 2, edgeitems: 2 }],
  ['full', { ...DEFAULT, threshold: Number.POSITIVE_INFINITY }],
]);

let settings: Settings = { ...DEFAULT, sci_mode: null };

const CALLEE = {
  name: 'set_printoptions',
  parameters: ['precision', 'threshold', 'edgeitems', 'linewidth', 'profile', 'sci_mode'].map(
    (name) => ({ name }),
  ),
};

/**
 * Sets how tensors are printed in this thread.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
 *
 * @throws TypeError for an unknown option or a value of the wrong type
 */
export function set_printoptions(options: PrintOptions): void;
export function set_printoptions(...args: unknown[]): void {
  const [precision, threshold, edgeitems, linewidth, profile, sciMode] = bind(CALLEE, args);
  const next: Settings = { ...settings, sci_mode: null };
  if (profile !== undefined && profile !== null) {
    const preset = typeof profile === 'string' ? PROFILES.get(profile) : undefined;
    if (!preset) throw fail(CALLEE, "argument 'profile' must be 'default', 'short' or 'full'");
    Object.assign(next, preset);
  }
  for (const [name, value] of Object.entries({ precision, threshold, edgeitems, linewidth })) {
    if (value === undefined || value === null) continue;
    if (typeof value !== 'number' || Number.isNaN(value)) {
      throw fail(CALLEE, `argument '${name}' must be a number`);
    }
    next[name as keyof typeof DEFAULT] = value;
  }
  if (sciMode !== undefined && sciMode !== null && typeof sciMode !== 'boolean') {
    throw fail(CALLEE, "argument 'sci_mode' must be a boolean or null");
  }
  next.sci_mode = (sciMode as boolean | null | undefined) ?? null;
  settings = next;
}

/** Returns the options of this thread. */
export function get_printoptions(): Readonly<Settings> {
  return { ...settings };
}

/** Returns Python's `repr` of a tensor. */
export function formatTensor(handle: Handle, isParameter: boolean): string {
  const { precision, threshold, edgeitems, linewidth, sci_mode } = settings;
  const limit = Math.min(threshold, Number.MAX_SAFE_INTEGER);
  return native.repr(handle, isParameter, precision, limit, edgeitems, linewidth, sci_mode);
}
