/** A pair of values to compare. Source of checks and messages: torch/testing/_comparison.py, of the same release. */
import { boolRepr } from '../utils/python';
import { Mismatch } from './mismatch';
import { numberText } from './numbers';
import { type Path, text, tupleText } from './values';

/** The options of a comparison. */
export interface Comparison {
  readonly allow_subclasses: boolean;
  readonly rtol: number | null;
  readonly atol: number | null;
  readonly equal_nan: boolean;
  readonly check_device: boolean;
  readonly check_dtype: boolean;
  readonly check_layout: boolean;
  readonly check_stride: boolean;
}

/** The result of a pair class that does not support the values. The next class is then tried. */
export const UNSUPPORTED = Symbol('unsupported');

export abstract class Pair {
  /** The options that are part of the message of an unexpected error. */
  protected readonly shown: readonly (keyof Comparison)[] = [];

  constructor(
    readonly actual: unknown,
    readonly expected: unknown,
    readonly path: Path,
    protected readonly options: Comparison,
  ) {}

  /**
   * Compares the two values.
   *
   * @throws Mismatch
   */
  abstract compare(): void;

  protected fail(message: string, details = ''): never {
    throw new Mismatch('AssertionError', message, this.path, details);
  }

  /** Returns the pair's description in Python's message about an unexpected error. */
  toString(): string {
    const options = this.shown.map((name) => [name, this.options[name]] as const);
    const lines = [
      ['id', tupleText(this.path)],
      ['actual', text(this.actual)],
      ['expected', text(this.expected)],
      ...options.map(([name, value]) => [
        name,
        typeof value === 'boolean' ? boolRepr(value) : numberText(value as number),
      ]),
    ].map(([name, value]) => `    ${name}=${value},`);
    return [`${this.constructor.name}(`, ...lines, ')'].join('\n');
  }
}
