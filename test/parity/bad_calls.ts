/**
 * Generates wrong calls of losses: valid calls from the rows in lib/testing/parity/losses, with some arguments changed.
 * Parameters, defaults and types come from Python's signatures.
 */
import type { LossRow } from '../../dist/testing/parity/losses';
import { type DType, Input, isDifferentiable, type Random } from '../support/data';
import { type Argument, type Call, dtype, float, PerLanguage } from './case';

/** A parameter in Python: its name, and the type of its default, or null if it is required. */
export type Parameter = readonly [name: string, type: string | null];

export type IsDefinite = (args: readonly Argument[], sizes: readonly Argument[]) => boolean;

export interface Subject {
  readonly row: LossRow;
  readonly parameters: readonly Parameter[];
  readonly classParameters: readonly Parameter[];
  /** Returns whether Python has a definite answer for these arguments of the call and of the constructor. */
  readonly isDefinite?: IsDefinite | undefined;
}

const DTYPES: DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'complex64',
  'int64',
  'int32',
  'uint8',
  'bool',
];

const NUMBERS = [0, -0, 1, -1, 0.5, 2, 3, 1e-8, 1e300, -1e-3, NaN, Infinity, -Infinity];
/** Values for sizes. Small divisors are left out, because they would request much memory. */
const DIVISORS = NUMBERS.filter((value) => !(Math.abs(value) > 0 && Math.abs(value) < 0.5));
const INTEGERS = [0, 1, 2, 3, 5, -1, -2, -100, 7, 1000, 2 ** 31, -(2 ** 40)];
/** Values that no parameter of another type accepts. (An integral number is accepted as int or float.) */
const UNACCEPTED: readonly Argument[] = [
  null,
  'text',
  true,
  [],
  [1, 2],
  new PerLanguage('1.5', 1.5),
  dtype('float32'),
];

/** A call while it is being changed. */
interface Draft {
  args: Argument[];
  kwargs: Record<string, Argument>;
  set: Record<string, Argument>;
  isMistyped: boolean;
}

/** Returns `count` calls of a loss, each with at least one wrong argument. */
export function badCalls(subject: Subject, random: Random, count: number): Call[] {
  return Array.from({ length: count }, () => badCall(subject, random));
}

function badCall(subject: Subject, random: Random): Call {
  const { functional, module, shapes, inputs, construct } = subject.row;
  const isModule = !functional || (module !== undefined && random.next() < 0.4);
  const shape = random.pick(shapes.filter((sizes) => sizes.reduce((a, b) => a * b, 1) < 300));
  const type = random.next() < 0.8 ? 'float32' : random.pick(DTYPES);
  const requires_grad = isDifferentiable(type) && random.next() < 0.7;
  const options = { dtype: type, requires_grad };
  const draft: Draft = {
    args: [...inputs(random, shape, options, { ...options, requires_grad: false })],
    kwargs: {},
    set: {},
    isMistyped: false,
  };
  const parameters = isModule ? subject.classParameters : subject.parameters;
  const optional = parameters.filter(([, kind]) => kind !== null);
  do {
    if (optional.length === 0 || random.next() < 0.5) corruptArgument(draft, random);
    else corruptOption(draft, random, random.pick(optional), isModule);
  } while (random.next() < 0.3);
  const { args, kwargs, set, isMistyped } = draft;
  const [rightSizes, others] = construct?.(shape, options) ?? [[], {}];
  const sizes = random.next() < 0.5 ? rightSizes : corruptSizes(rightSizes, random);
  if (subject.isDefinite?.(args, sizes) === false) return badCall(subject, random);
  if (!isModule) return { callee: `F.${functional}`, args, kwargs, isMistyped };
  return {
    callee: `nn.${module}`,
    args: sizes,
    kwargs: { ...others, ...kwargs },
    set,
    forward: args,
    isMistyped,
    seed: 7,
  };
}

// --- required arguments ----------------------------------------------------------------------------------------------

function corruptArgument(draft: Draft, random: Random): void {
  const { args } = draft;
  if (args.length === 0) return;
  const index = random.integer(0, args.length);
  const argument = args[index]!;
  if (random.next() < 0.06) {
    draft.isMistyped = true;
    if (random.next() < 0.5) args.pop();
    else args[index] = random.pick(UNACCEPTED);
  } else if (argument instanceof Input) {
    args[index] = corruptTensor(argument, random);
  } else if (Array.isArray(argument)) {
    args[index] = corruptList(argument as readonly number[], random);
  }
}

function corruptTensor(input: Input, random: Random): Input {
  const { shape, dtype } = input;
  const count = shape.reduce((a, b) => a * b, 1);
  switch (random.pick(['rank', 'size', 'dtype', 'element'] as const)) {
    case 'rank':
      return input.reshaped(
        random.pick([
          shape.slice(1),
          shape.slice(0, -1),
          [1, ...shape],
          [...shape, 1],
          [],
          [count],
        ]),
      );
    case 'size': {
      const sizes = [...shape];
      const dim = random.integer(0, sizes.length);
      if (dim < sizes.length) {
        sizes[dim] = random.pick([0, 1, sizes[dim]! + 1, Math.max(0, sizes[dim]! - 1), 2]);
      }
      return input.reshaped(sizes);
    }
    case 'dtype': {
      const other = random.pick(DTYPES);
      const { requires_grad } = input;
      return Input.of(other, shape, (i) => i % 2, { requires_grad });
    }
    case 'element': {
      if (count === 0) return input;
      const values = isDifferentiable(dtype) ? NUMBERS : INTEGERS;
      return input.withElement(random.integer(0, count), random.pick(values));
    }
  }
}

/** Returns sizes with one changed. Sizes are small, because memory is requested for them. */
function corruptSizes(sizes: readonly Argument[], random: Random): Argument[] {
  const changed = [...sizes];
  if (sizes.length === 0) return changed;
  const index = random.integer(0, sizes.length);
  const size = sizes[index];
  const other = random.pick([0, -1, 1, 2, 7, 11]);
  if (!Array.isArray(size)) changed[index] = other;
  else if (random.next() < 0.3) changed[index] = [...size, other];
  else
    changed[index] = size.map((each, i) => (i === random.integer(0, size.length) ? other : each));
  return changed;
}

function corruptList(list: readonly number[], random: Random): Argument {
  const changed = [...list];
  const index = random.integer(0, list.length);
  switch (random.pick(['element', 'longer', 'shorter', 'tensor'] as const)) {
    case 'element':
      changed[index] = random.pick([0, -1, 1, list[index]! + 1, 1000]);
      return changed;
    case 'longer':
      return [...changed, 1];
    case 'shorter':
      return changed.slice(1);
    case 'tensor': {
      const dtype = random.pick(['int64', 'int32', 'float32', 'uint8'] as const);
      return Input.of(dtype, [list.length], (i) => list[i]!);
    }
  }
}

// --- options ---------------------------------------------------------------------------------------------------------

function corruptOption(
  draft: Draft,
  random: Random,
  [name, type]: Parameter,
  isModule: boolean,
): void {
  let value: Argument;
  if (random.next() < 0.1) {
    value = random.pick(UNACCEPTED);
    draft.isMistyped = true;
  } else {
    value = drawnValue(name, type!, draft, random);
  }
  const isAttribute = isModule && !LEGACY_NAMES.includes(name) && random.next() < 0.25;
  (isAttribute ? draft.set : draft.kwargs)[name] = value;
}

const LEGACY_NAMES = ['size_average', 'reduce'];
const LEGACY = [null, true, false];
const REDUCTIONS = [
  ...['none', 'mean', 'sum', 'batchmean', 'elementwise_mean'],
  ...['average', '', 'Mean', ' mean', 'none ', 'ünïcode'],
];

function drawnValue(name: string, type: string, draft: Draft, random: Random): Argument {
  switch (type) {
    case 'bool':
      return random.next() < 0.5;
    case 'int':
      return random.pick(INTEGERS);
    case 'float':
      return float(random.pick(name === 'div_value' ? DIVISORS : NUMBERS));
    case 'tuple':
      return random.pick([[], [2], [1, 3], [0], [-1]]);
    case 'str':
      return random.pick(REDUCTIONS);
    default:
      if (LEGACY_NAMES.includes(name)) return random.pick(LEGACY);
      return name.includes('weight') ? weightFor(draft, random) : null;
  }
}

/** Returns a tensor with the shape of an argument or the size of one of its dimensions, possibly changed. */
function weightFor(draft: Draft, random: Random): Argument {
  const [input] = draft.args;
  if (!(input instanceof Input)) return null;
  const { shape, dtype } = input;
  const sizes = random.pick([shape, shape.slice(-1), shape.slice(1, 2), [shape[0] ?? 1], [], [7]]);
  const weight = Input.of(random.next() < 0.8 ? dtype : random.pick(DTYPES), sizes, (i) => i / 2);
  return random.next() < 0.3 ? corruptTensor(weight, random) : weight;
}
