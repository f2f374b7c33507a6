/**
 * Compares unusual calls with Python: the printed result, and the errors. They cover what generated cases do not: rare
 * types, layouts, and forms of arguments.
 */
import torch, { type Tensor } from 'torch-losses';

import { rowsThere } from '../../support/versions';
import { expectSample } from '../parity';

/** An expression in Python, and the same in JavaScript. */
export type Corner = readonly [python: string, here: () => unknown];

/** Returns Python's result as text. For errors whose messages are our own, the text is only the name of the class. */
const PYTHON = `
def show(value):
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        return '[' + ', '.join(show(item) for item in value) + ']'
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict):
        return '{' + ', '.join(f'{key}: {show(item)}' for key, item in value.items()) + '}'
    return str(value) if isinstance(value, torch.dtype) else repr(value)

def attempt(call):
    try:
        return show(call())
    except (TypeError, AttributeError) as error:
        return type(error).__name__
    except Exception as error:
        return f'{type(error).__name__.lstrip("_")}: {error}'

def after(change, *values):
    change(*values)
    return values[0] if len(values) == 1 else values
`;

const show = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value === null || value === undefined) return 'None';
  if (Object.getPrototypeOf(value) === Object.prototype && !Object.hasOwn(value, 'toString')) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${show(item)}`)
      .join(', ')}}`;
  }
  return typeof value === 'string' ? `'${value}'` : String(value);
};

function attempt(call: () => unknown): string {
  try {
    return show(call());
  } catch (error) {
    const { pythonType, message } = error as { pythonType?: string; message: string };
    if (pythonType === 'TypeError' || pythonType === 'AttributeError') return pythonType;
    return `${pythonType}: ${message}`;
  }
}

/** Returns an object that prints the text without quotes. */
export const text = (shown: string): { toString(): string } => ({ toString: () => shown });

/** Changes values, and returns them. */
export const after = <T extends unknown[]>(
  change: (...values: T) => unknown,
  ...values: T
): unknown => {
  change(...values);
  return values.length === 1 ? values[0] : values;
};

/** Returns a tensor of int64. */
export const int = (...numbers: number[]): Tensor => torch.tensor(numbers);

/** Defines a test for each topic. Its calls run in order. */
export function describeCorners(topics: Readonly<Record<string, readonly Corner[]>>): void {
  describe('parity: corners', () => {
    for (const [what, corners] of Object.entries(topics)) {
      it(what, function () {
        const rows = rowsThere(corners, ([python]) => python, this.test!);
        const calls = rows.map(([python]) => `attempt(lambda: ${python})`);
        const source = `${PYTHON}\ntexts = [${calls.join(', ')}]`;
        return expectSample({ source, outputs: ['texts'], seed: 0 }, () => [
          rows.map(([, here]) => attempt(here)),
        ]);
      });
    }
  });
}
