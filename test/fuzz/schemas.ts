/** Generates arguments from an operator's declaration, so that most calls get past the checks. */
import fc from 'fast-check';
import torch from 'torch-losses';

import { REDUCE_OPS } from './group';
import { type Spec, specs, tensorSpec } from './values';

interface Parameter {
  /** A type such as `Tensor`, `int[2]` or `Scalar?`. */
  readonly type: string;
  readonly name: string;
  readonly hasDefault: boolean;
  readonly isKeyword: boolean;
}

type Declaration = readonly Parameter[];

/** Parses a declaration such as `aten::add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor`. */
function parse(schema: string): Declaration {
  const list = schema.slice(schema.indexOf('(') + 1, schema.lastIndexOf(') ->'));
  const parameters: Parameter[] = [];
  let isKeyword = false;
  for (const part of list.split(/, (?![^([]*[)\]])/).filter(Boolean)) {
    if (part === '*') {
      isKeyword = true;
      continue;
    }
    const [, type = '', name = '', assigned] = /^(\S+) (\w+)(=.*)?$/s.exec(part) ?? [];
    parameters.push({
      type: type.replace(/\([^)]*\)/, ''),
      name,
      hasDefault: assigned !== undefined,
      isKeyword,
    });
  }
  return parameters;
}

const known = new Map<string, readonly Declaration[]>();

/** Returns the declarations of all overloads of an operator. Empty if there is no such operator. */
function declarationsOf(namespace: string, operator: string): readonly Declaration[] {
  const name = `${namespace}.${operator}`;
  let declarations = known.get(name);
  if (!declarations) {
    try {
      const packet = torch.ops[namespace]![operator];
      declarations = (packet.overloads() as string[]).map((name) => parse(packet[name].schema));
    } catch {
      declarations = [];
    }
    known.set(name, declarations);
  }
  return declarations;
}

const oneOf = (...names: string[]): fc.Arbitrary<Spec> =>
  fc.constantFrom(...names).map((name): Spec => ({ is: 'constant', name }));
const listOf = (element: fc.Arbitrary<Spec>): fc.Arbitrary<Spec> =>
  fc.array(element, { maxLength: 4 }).map((items): Spec => ({ is: 'list', items }));

const integer = oneOf('0', '1', '1', '2', '2', '3', '-1', '-2', '-100', '2^32+1', '2^50');
const float = oneOf('0', '1', '0.5', '-1.5', '1e-12', 'NaN', 'Infinity', '1e300');

const BY_TYPE: Readonly<Record<string, fc.Arbitrary<Spec>>> = {
  Tensor: tensorSpec,
  int: integer,
  SymInt: integer,
  float,
  Scalar: fc.oneof(integer, float, oneOf('{ re, im }', 'true')),
  number: fc.oneof(integer, float),
  bool: oneOf('true', 'false'),
  str: oneOf("'0'", "'0'", "'mean'", "'sum'", "'none'", "'ij'", "'reflect'", "'trunc'", "''"),
  ScalarType: oneOf('float32', 'float64', 'int64', 'bfloat16', 'complex64', 'bool'),
  Layout: oneOf('strided', 'sparse_coo'),
  MemoryFormat: oneOf('contiguous_format', 'channels_last'),
  Device: oneOf("'cpu'", "'meta'", "'cuda'"),
  Generator: oneOf('Generator'),
  '__torch__.torch.classes.c10d.ProcessGroup': oneOf('a ProcessGroup', 'another ProcessGroup'),
  '__torch__.torch.classes.c10d.ReduceOp': oneOf(...REDUCE_OPS),
};

function aptFor(type: string, tensor: Spec): fc.Arbitrary<Spec> {
  const [base = '', ...suffixes] = type.split(/(?=\[|\?)/);
  const apt = base === 'Tensor' ? fc.oneof(fc.constant(tensor), tensorSpec) : BY_TYPE[base];
  let spec = apt ?? specs(1);
  for (const suffix of suffixes) {
    if (suffix.startsWith('['))
      spec = /\d/.test(suffix) ? fc.oneof(spec, listOf(spec)) : listOf(spec);
    else spec = fc.oneof({ weight: 2, arbitrary: spec }, { weight: 1, arbitrary: oneOf('null') });
  }
  return spec;
}

/**
 * Returns arguments for an operator, or undefined if there is no such operator.
 *
 * @param namespace - the namespace of the operator in `torch.ops`
 * @param isMethod - whether `self` is the receiver
 */
export function argumentsOf(
  namespace: string,
  operator: string,
  isMethod: boolean,
): fc.Arbitrary<Spec[]> | undefined {
  const declarations = declarationsOf(namespace, operator);
  if (declarations.length === 0) return undefined;
  return fc
    .tuple(fc.constantFrom(...declarations), tensorSpec, fc.integer({ min: 0, max: 3 }))
    .chain(([declaration, tensor, given]) => {
      const parameters = isMethod ? declaration.slice(1) : declaration;
      const optional = parameters.filter(({ hasDefault }) => hasDefault);
      const taken = parameters.filter(
        (parameter) => !parameter.hasDefault || optional.indexOf(parameter) < given,
      );
      const values = fc.tuple(...taken.map(({ type }) => aptFor(type, tensor)));
      return values.map((made): Spec[] => {
        const entries = taken.flatMap(({ name, isKeyword }, index) =>
          isKeyword ? [[name, made[index]!] as const] : [],
        );
        const positional = made.filter((_, index) => !taken[index]!.isKeyword);
        return entries.length > 0 ? [...positional, { is: 'options', entries }] : positional;
      });
    });
}
