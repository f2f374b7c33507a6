/** Groups of parameters with their own options. Source: torch/optim/optimizer.py. */
import { types } from 'node:util';
import { typeError, valueError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { warn } from '../bindings/warnings';
import { describe } from '../dispatch/arguments';
import { typename } from '../nn/typename';
import type { Tensor } from '../tensor/tensor';

/** Parameters, or parameters with names, such as `named_parameters()` returns. */
export type Parameters = Iterable<Tensor> | Iterable<readonly [name: string, parameter: Tensor]>;

/** A group of parameters with their own options. */
export type GroupOf<Options extends object> = {
  params: Tensor | Parameters;
} & { [Key in keyof Options]?: Options[Key] | undefined };

/** The first argument of an optimizer: parameters, or groups of them. */
export type ParametersOrGroups<Options extends object> = Parameters | Iterable<GroupOf<Options>>;

/** A group of parameters in an optimizer. Its options can be changed between steps. */
export type ParamGroup<Options extends object> = Options & {
  params: Tensor[];
  param_names?: string[];
};

/** Returns a group with its parameters in a list, and the default options that it has not. */
export function groupOf<Options extends object>(
  defaults: Options,
  { params, ...options }: GroupOf<Options>,
): ParamGroup<Options> {
  const own = { ...definedOnly(options), ...separate(listOf(params)) };
  // The group's own options come first, as in Python.
  return { ...own, ...defaults, ...own } as unknown as ParamGroup<Options>;
}

const DUPLICATES =
  'optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; ' +
  'see github.com/pytorch/pytorch/issues/40967 for more information';

/**
 * Checks a new group of an optimizer.
 *
 * @param others - the groups that it has
 */
export function checkGroup(
  group: ParamGroup<object>,
  others: readonly ParamGroup<object>[],
  defaults: object,
): void {
  const { differentiable } = defaults as { differentiable?: boolean };
  for (const parameter of group.params) {
    if (!isTensor(parameter)) {
      throw typeError(
        `optimizer can only optimize Tensors, but one of the params is ${typename(parameter)}`,
      );
    }
    if (!differentiable && !parameter.is_leaf && !parameter.retains_grad) {
      throw valueError("can't optimize a non-leaf Tensor");
    }
  }
  if (new Set(group.params).size !== group.params.length) warn(DUPLICATES);
  const hasNames = group.param_names !== undefined;
  if (others.some(({ param_names }) => (param_names !== undefined) !== hasNames)) {
    const which = hasNames ? 'with names' : 'without names';
    throw valueError(
      'all optimizer param groups should be with/without names. ' +
        `cannot add param group ${which} to the optimizer`,
    );
  }
  const known = new Set(others.flatMap(({ params }) => params));
  if (group.params.some((parameter) => known.has(parameter))) {
    throw valueError('some parameters appear in more than one parameter group');
  }
}

function definedOnly(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function listOf(params: unknown): unknown[] {
  if (isTensor(params)) return [params];
  if (types.isSet(params)) {
    throw typeError(
      'optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets ' +
        'will change between runs. Please use a list instead.',
    );
  }
  if (typeof (params as Iterable<unknown> | undefined)?.[Symbol.iterator] === 'function') {
    return [...(params as Iterable<unknown>)];
  }
  throw typeError(`params of a group must be Tensors, got ${describe(params)}`);
}

/** Separates parameters from their names, if they have names. */
function separate(listed: readonly unknown[]): { params: unknown[]; param_names?: string[] } {
  const named = listed.filter((element) => Array.isArray(element)) as [string, unknown][];
  if (named.length === 0) return { params: [...listed] };
  if (named.length !== listed.length) {
    throw valueError(
      'all optimizer params should be with/without names. Some param names are missing',
    );
  }
  return {
    params: named.map(([, parameter]) => parameter),
    param_names: named.map(([name]) => name),
  };
}
