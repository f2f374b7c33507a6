/** The older weight normalization, which recomputes the weight before each forward. Source: torch/nn/utils/weight_norm.py. */
import { runtimeError, valueError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import { INT, optional, orNull, required, Signature, STRING } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import type { RemovableHandle } from '../../utils/hooks';
import { MODULE, type Module } from '../modules/module';
import { attributeOf } from '../modules/traversal';
import { normalizeWeight, normExceptDim } from '../ops';
import { Parameter } from '../parameter';

const TARGET = {
  module: required(MODULE),
  name: optional(STRING, 'weight'),
};
const SIGNATURES = {
  weight_norm: new Signature('weight_norm', {
    ...TARGET,
    dim: optional<number | null>(orNull(INT), 0),
  }),
  remove_weight_norm: new Signature('remove_weight_norm', TARGET),
};

interface Normalized {
  readonly dim: number;
  readonly handle: RemovableHandle;
}

/** The normalized weights of each module, by name. */
const normalizedOf = new WeakMap<Module, Map<string, Normalized>>();

const propertiesOf = (module: Module): Record<string, unknown> =>
  module as unknown as Record<string, unknown>;

function computed(module: Module, name: string, dim: number): Tensor {
  const { [`${name}_g`]: g, [`${name}_v`]: v } = propertiesOf(module);
  return normalizeWeight(v as Tensor, g as Tensor, dim);
}

/**
 * Splits a weight into its norm and its direction, which are learned. The parameters `weight_g` and `weight_v` replace
 * `weight`, which is computed before each call.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html
 *
 * @deprecated in torch: `nn.utils.parametrizations.weight_norm` does the same
 */
export function weight_norm<M extends Module>(
  module: M,
  name?: string | { name?: string; dim?: number | null },
  dim?: number | null | { dim?: number | null },
): M;
export function weight_norm(...args: unknown[]): Module {
  const { module, name, dim: given } = SIGNATURES.weight_norm.read(args);
  warn(
    '`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.',
    'FutureWarning',
    'torch',
  );
  const known = normalizedOf.get(module) ?? new Map<string, Normalized>();
  if (known.has(name)) {
    throw runtimeError(`Cannot register two weight_norm hooks on the same parameter ${name}`);
  }
  const dim = given ?? -1;
  const weight = attributeOf(module, name) as Tensor;
  const norm = normExceptDim(weight, 2, dim).data;
  const properties = propertiesOf(module);
  delete properties[name];
  module.register_parameter(`${name}_g`, new Parameter(norm));
  module.register_parameter(`${name}_v`, new Parameter(weight.data));
  const compute = (of: Module): void => {
    propertiesOf(of)[name] = computed(of, name, dim);
  };
  compute(module);
  known.set(name, { dim, handle: module.register_forward_pre_hook(compute) });
  normalizedOf.set(module, known);
  return module;
}

/**
 * Makes a weight that {@link weight_norm} split a parameter again.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.remove_weight_norm.html
 *
 * @throws RangeError (ValueError) if it was not split
 */
export function remove_weight_norm<M extends Module>(
  module: M,
  name?: string | { name?: string },
): M;
export function remove_weight_norm(...args: unknown[]): Module {
  const { module, name } = SIGNATURES.remove_weight_norm.read(args);
  const known = normalizedOf.get(module);
  const found = known?.get(name);
  if (!known || !found) throw valueError(`weight_norm of '${name}' not found in ${module}`);
  const weight = computed(module, name, found.dim);
  const properties = propertiesOf(module);
  for (const key of [name, `${name}_g`, `${name}_v`]) delete properties[key];
  properties[name] = new Parameter(weight.data);
  found.handle.remove();
  known.delete(name);
  return module;
}
