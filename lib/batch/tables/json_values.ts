/** The values in JSON lines: which dtype and shape they have, and how they get into memory. */
import type { Destination } from './messages';

/** What the numbers of a column are. */
export type Kind = 'bool' | 'int' | 'float';

/** The dtypes that values are read as. */
export type CellType = 'bool' | 'int64' | 'float32' | 'float64';

/** A column of JSON lines. */
export interface Cell {
  /** What messages call it. */
  readonly name: string;
  /** The keys that lead to the value from the line's object; none for a line that is the value. */
  readonly keys: readonly string[];
  readonly dtype: CellType;
  /** The shape of a row. */
  readonly shape: readonly number[];
}

/** Matches texts, which stay as they are, and the numbers that Python writes and JSON has not. */
const PYTHON_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/** Parses a line. The numbers NaN and Infinity become texts. */
export function parseRow(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const quoted = text.replace(PYTHON_NUMBERS, (part) => (part[0] === '"' ? part : `"${part}"`));
    if (quoted !== text) {
      try {
        return JSON.parse(quoted);
      } catch {}
    }
    throw new Error(`is no JSON: ${shortened((error as Error).message)}`);
  }
}

const shortened = (text: string): string => (text.length > 120 ? `${text.slice(0, 120)}…` : text);

/** The texts that stand for numbers. */
const SPECIAL: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [null, Number.NaN],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** @throws Error if there is none */
export function valueAt(row: unknown, { keys, name }: Pick<Cell, 'keys' | 'name'>): unknown {
  let value = row;
  for (const key of keys) {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    if (!isThere) throw new Error(`has no ${JSON.stringify(name)}`);
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Describes a value in an error. */
function described(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return `${shortened(JSON.stringify(value))}`;
}

// --- the form of a column ----------------------------------------------------------------------------------------------

/** Matches texts and numbers. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
/** Stands for a number with a point or exponent, which JavaScript does not tell from an integer. */
const FLOAT = '\u0001float';

/** Parses a line so that numbers with a point or exponent can be told from integers. */
export function parseForm(text: string): unknown {
  parseRow(text);
  const marked = text.replace(TOKENS, (part) =>
    part[0] !== '"' && /[.eE]/.test(part) ? JSON.stringify(FLOAT) : part,
  );
  return parseRow(marked);
}

/** What is known of a column after some rows. */
export interface Form {
  readonly kind: Kind;
  readonly shape: readonly number[];
}

/** Returns the form of a value. @throws Error if it is neither a number nor a list of numbers */
export function formOf(value: unknown, name: string): Form {
  const shape: number[] = [];
  let inner = value;
  while (Array.isArray(inner)) {
    shape.push(inner.length);
    inner = inner[0];
  }
  const kinds = new Set<Kind>();
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) for (const each of part) visit(each);
    else kinds.add(kindOf(part, name));
  };
  visit(value);
  return { kind: joined([...kinds], name), shape };
}

function kindOf(value: unknown, name: string): Kind {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  if (value === FLOAT || SPECIAL.has(value)) return 'float';
  throw new Error(`has ${described(value)} as ${JSON.stringify(name)}, where a number is expected`);
}

/** Returns the kind that holds all. */
export function joined(kinds: readonly Kind[], name: string): Kind {
  const has = (kind: Kind): boolean => kinds.includes(kind);
  if (has('bool') && kinds.some((kind) => kind !== 'bool')) {
    throw new Error(`has both numbers and booleans as ${JSON.stringify(name)}`);
  }
  return has('bool') ? 'bool' : has('float') || kinds.length === 0 ? 'float' : 'int';
}

// --- into memory ---------------------------------------------------------------------------------------------------------

/** Writes a list's elements, which are numbers, from a position on. */
type Put = (values: readonly unknown[], at: number) => void;

/** Returns the function that writes a row's value into memory. */
export function cellWriter(
  { name, dtype, shape }: Cell,
  { memory, offset }: Destination,
): (value: unknown, row: number) => void {
  const size = shape.reduce((product, length) => product * length, 1);
  const put = PUTS[dtype](memory, offset, (value, what) => {
    const text = `has ${described(value)} as ${JSON.stringify(name)}, where ${what} is expected`;
    throw new Error(text);
  });
  const write = (value: unknown, level: number, at: number, length: number): void => {
    const count = shape[level]!;
    if (!Array.isArray(value)) {
      throw new Error(
        `has ${described(value)} as ${JSON.stringify(name)}, where a list of ${count} is expected`,
      );
    }
    if (value.length !== count) {
      throw new Error(
        `has a list of ${value.length} as ${JSON.stringify(name)}, where one of ${count} is expected`,
      );
    }
    if (level === shape.length - 1) {
      put(value, at);
      return;
    }
    const part = length / count;
    for (let i = 0; i < count; i++) write(value[i], level + 1, at + i * part, part);
  };
  return shape.length === 0
    ? (value, row) => put([value], row)
    : (value, row) => write(value, 0, row * size, size);
}

/** Throws the error for a value. */
type Refuse = (value: unknown, expected: string) => never;

const PUTS: Readonly<
  Record<CellType, (memory: SharedArrayBuffer, offset: number, refuse: Refuse) => Put>
> = {
  float32: (memory, offset, refuse) => putFloats(new Float32Array(memory, offset), refuse),
  float64: (memory, offset, refuse) => putFloats(new Float64Array(memory, offset), refuse),
  bool(memory, offset, refuse) {
    const bytes = new Uint8Array(memory, offset);
    return (values, at) => {
      for (let i = 0; i < values.length; i++) {
        const value = values[i];
        bytes[at + i] = typeof value === 'boolean' ? Number(value) : refuse(value, 'a boolean');
      }
    };
  },
  int64(memory, offset, refuse) {
    const words = new Int32Array(memory, offset);
    return (values, at) => {
      for (let i = 0; i < values.length; i++) {
        const value = values[i];
        const number = Number.isSafeInteger(value) ? (value as number) : refuse(value, INTEGER);
        words[2 * (at + i)] = number | 0;
        words[2 * (at + i) + 1] = Math.floor(number / 2 ** 32);
      }
    };
  },
};

const INTEGER =
  'an integer of at most 53 bits, as in the first rows (--dtype INPUT=float32 takes others)';

function putFloats(numbers: Float32Array | Float64Array, refuse: Refuse): Put {
  return (values, at) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      numbers[at + i] =
        typeof value === 'number' ? value : (SPECIAL.get(value) ?? refuse(value, 'a number'));
    }
  };
}
