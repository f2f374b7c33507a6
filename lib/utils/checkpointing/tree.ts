/** Separates the tensors of a state from the rest, which is written as JSON. */
import { typeError, valueError } from '../../bindings/errors';
import { describe, isOptions } from '../../dispatch/arguments';
import { TENSOR } from '../../dispatch/signature';
import { asFloat, Float } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { checkDepth } from '../data/_utils/containers';

/** The key of an object that stands for what JSON lacks. */
const KIND = '$torch';

type Kinds = Readonly<
  Record<string, (value: never, tensors: ReadonlyMap<string, Tensor>) => unknown>
>;

/**
 * Returns a value as JSON, and puts its tensors into a map.
 *
 * @param path - where the value is, for names of tensors and errors
 * @throws TypeError for what cannot be saved, with its place
 */
export function toTree(
  value: unknown,
  path: string,
  tensors: Map<string, Tensor>,
  depth = 0,
): unknown {
  checkDepth(depth);
  const within = (member: unknown, key: unknown): unknown =>
    toTree(member, `${path}.${String(key)}`, tensors, depth + 1);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number')
    return isExact(value) ? value : { [KIND]: 'number', value: text(value) };
  if (typeof value === 'bigint') return { [KIND]: 'bigint', value: String(value) };
  if (value instanceof Float) return { [KIND]: 'float', value: text(value.value) };
  if (TENSOR.accepts(value)) {
    tensors.set(path, value as Tensor);
    return { [KIND]: 'tensor', value: path };
  }
  if (Array.isArray(value)) return Array.from(value, (each) => each ?? null).map(within);
  if (value instanceof Map) {
    return {
      [KIND]: 'map',
      value: Array.from(value, ([key, each]) => [within(key, 'key'), within(each, key)]),
    };
  }
  if (!isOptions(value))
    throw typeError(`save(): ${path} cannot be saved: it is ${describe(value)}`);
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const members = entries.map(([key, each]) => [key, within(each, key)]);
  return KIND in value ? { [KIND]: 'object', value: members } : Object.fromEntries(members);
}

const isExact = (value: number): boolean => Number.isFinite(value) && !Object.is(value, -0);
const text = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

const FROM_KIND: Kinds = {
  number: (value: string) => Number(value),
  bigint: (value: string) => BigInt(value),
  float: (value: string) => asFloat(Number(value)),
  tensor: (value: string, tensors) => {
    const tensor = tensors.get(value);
    if (tensor) return tensor;
    throw valueError(`restore(): the tensor ${JSON.stringify(value)} is missing`);
  },
  map: (value: [unknown, unknown][], tensors) =>
    new Map(value.map(([key, each]) => [fromTree(key, tensors), fromTree(each, tensors)])),
  object: (value: [string, unknown][], tensors) =>
    Object.fromEntries(value.map(([key, each]) => [key, fromTree(each, tensors)])),
};

/** Returns the value that {@link toTree} was given. */
export function fromTree(tree: unknown, tensors: ReadonlyMap<string, Tensor>): unknown {
  if (typeof tree !== 'object' || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((each) => fromTree(each, tensors));
  const { [KIND]: kind, value } = tree as Record<string, unknown>;
  if (typeof kind === 'string') return FROM_KIND[kind]!(value as never, tensors);
  const entries = Object.entries(tree).map(([key, each]) => [key, fromTree(each, tensors)]);
  return Object.fromEntries(entries);
}
