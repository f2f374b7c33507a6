/** Generates arguments for the functions of torch.distributed from their declarations. */
import fc from 'fast-check';
import torch from 'torch-losses';

import { REDUCE_OPS } from './group';
import { type Spec, specs, tensorSpec } from './values';

const oneOf = (...names: string[]): fc.Arbitrary<Spec> =>
  fc.constantFrom(...names).map((name): Spec => ({ is: 'constant', name }));
const listOf = (element: fc.Arbitrary<Spec>): fc.Arbitrary<Spec> =>
  fc.array(element, { maxLength: 3 }).map((items): Spec => ({ is: 'list', items }));

const rank = oneOf('0', '0', '0', '1', '-1', 'null', '2^31', '2^40', '2^53');
const tensors = listOf(tensorSpec);
const strings = oneOf("'mean'", "'sum'", "''", "'cpu'", "'sum\\0'", "'long'", "'a lone surrogate'");

/** Values for parameters, by their names. The first pattern that fits counts. */
const BY_NAME: readonly (readonly [RegExp, fc.Arbitrary<Spec>])[] = [
  [/object/, fc.oneof(listOf(specs(1)), specs(1))],
  [/ranks_per/, listOf(listOf(rank))],
  [/split_sizes|^ranks$/, fc.oneof(listOf(rank), oneOf('null', 'list of huge'))],
  [/tensor_list|_list$|^tensors$/, tensors],
  [/tensor|^(in|out)put$/, tensorSpec],
  [/group_(src|dst|rank)|global_rank|src|dst|rank|size|tag|port/, rank],
  [/^group$/, oneOf('a ProcessGroup', 'a ProcessGroup', 'another ProcessGroup', 'null', '-100')],
  [/^op$/, oneOf(...REDUCE_OPS)],
  [/timeout/, oneOf('1', '0', '-1', '0.5', 'NaN', 'Infinity', '2^31', '2^50', '1e300', 'null')],
  [/async_op|is_|use_|wait|local|sort|block|multi/, oneOf('true', 'false')],
  [/^store$/, oneOf('a Store', 'a TCPStore', 'a PrefixStore')],
  [/^keys$/, fc.oneof(listOf(strings), oneOf('sparse array'))],
  [/^values$/, fc.oneof(listOf(strings), oneOf('Buffer'))],
  [/^amount$/, oneOf('1', '-1', '2^53', '2^31', '0')],
  [/backend/, oneOf("'gloo'", "'cpu'", 'null', "''")],
  [/value|key|name|prefix|desc/, fc.oneof(strings, oneOf('Buffer', 'Uint8Array'))],
];

interface Parameter {
  readonly name: string;
  readonly required: boolean;
}
const needed = (...names: string[]): Parameter[] => names.map((name) => ({ name, required: true }));

/** Parameters of methods, which have no description of their own. */
const METHODS: Readonly<Record<string, readonly Parameter[]>> = {
  set: needed('key', 'value'),
  compare_set: needed('key', 'value', 'value'),
  get: needed('key'),
  add: needed('key', 'amount'),
  delete_key: needed('key'),
  check: needed('keys'),
  wait: needed('keys', 'timeout'),
  append: needed('key', 'value'),
  multi_get: needed('keys'),
  multi_set: needed('keys', 'values'),
  queue_push: needed('key', 'value'),
  queue_pop: needed('key', 'block'),
  queue_len: needed('key'),
  set_timeout: needed('timeout'),
};

/** Returns whether a target needs a process group, or is about one. */
export const isOfGroup = (target: string): boolean =>
  /distributed\.|^ops\._?c10d|DistributedDataParallel|globalMean|SyncBatchNorm/.test(target);

/** Returns arguments that fit the declaration of a function of torch.distributed, or undefined if there is none. */
export function argumentsOfGroup(target: string): fc.Arbitrary<Spec[]> | undefined {
  const name = target.slice(target.lastIndexOf('.') + 1);
  const { signature } = Object((torch.distributed as Record<string, unknown>)[name]) as {
    signature?: readonly Parameter[];
  };
  const parameters = target.includes('Store.prototype.') ? METHODS[name] : signature;
  if (!isOfGroup(target) || !parameters) return undefined;
  const apt = (parameter: Parameter): fc.Arbitrary<Spec> =>
    BY_NAME.find(([pattern]) => pattern.test(parameter.name))?.[1] ?? specs(1);
  const required = parameters.filter((parameter) => parameter.required);
  const others = parameters.filter((parameter) => !parameter.required);
  return fc
    .tuple(
      fc.tuple(...required.map(apt)),
      fc.tuple(...others.map((each) => fc.option(apt(each), { freq: 2, nil: null }))),
    )
    .map(([positional, given]): Spec[] => {
      const entries = others.flatMap(({ name: key }, index) => {
        const value = given[index];
        return value ? [[key, value] as const] : [];
      });
      return entries.length > 0 ? [...positional, { is: 'options', entries }] : positional;
    });
}
