/** `torch.cuda.amp`: deprecated names for functions of `torch.amp`, which warn. Source: torch/cuda/amp/. */
import { autocast as autocastOf } from '../amp/autocast';
import {
  GradScaler as Base,
  type GradScalerOptions,
  SCALER_OPTIONS,
  type ScalerArguments,
} from '../amp/grad_scaler';
import { warn } from '../bindings/warnings';
import { BOOL, DTYPE, optional, Signature } from '../dispatch/signature';
import { type DType, float16 } from '../tensor/dtype';

const AUTOCAST = new Signature('autocast', {
  enabled: optional(BOOL, true),
  dtype: optional(DTYPE, float16),
  cache_enabled: optional(BOOL, true),
});

export interface AutocastOptions {
  enabled?: boolean | undefined;
  dtype?: DType | undefined;
  cache_enabled?: boolean | undefined;
}

/**
 * Calls `torch.autocast('cuda', …)`.
 *
 * @deprecated Use `torch.autocast('cuda', …)`.
 */
export function autocast<T>(run: () => T): T;
export function autocast<T>(options: AutocastOptions, run: () => T): T;
export function autocast<T>(enabled: boolean, run: () => T): T;
export function autocast(...args: unknown[]): unknown {
  const last = args.at(-1);
  const run = typeof last === 'function' ? (last as () => unknown) : undefined;
  const { dtype, enabled, cache_enabled } = AUTOCAST.read(run ? args.slice(0, -1) : args);
  warn(
    "`torch.cuda.amp.autocast(args...)` is deprecated. Please use `torch.amp.autocast('cuda', args...)` instead.",
    'FutureWarning',
    'user',
  );
  return autocastOf('cuda', { dtype, enabled, cache_enabled }, run!);
}

const SCALER = new Signature('GradScaler', SCALER_OPTIONS);

/**
 * The same as `torch.amp.GradScaler('cuda', …)`.
 *
 * @deprecated Use `torch.amp.GradScaler('cuda', …)`.
 */
export class GradScaler extends Base {
  static override readonly signature = SCALER.description;

  constructor(...scaler: ScalerArguments);
  constructor(init_scale: number, options?: Omit<GradScalerOptions, 'init_scale'>);
  constructor(options?: GradScalerOptions);
  constructor(...args: unknown[]) {
    const options = SCALER.read(args);
    warn(
      "`torch.cuda.amp.GradScaler(args...)` is deprecated. Please use `torch.amp.GradScaler('cuda', args...)` instead.",
      'FutureWarning',
      'user',
    );
    super('cuda', options);
  }
}
