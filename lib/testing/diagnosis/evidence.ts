/** What a diagnosis looks at. */
import type { Tensor } from '../../tensor/tensor';
import type { Elements } from '../difference/elements';

/** A tensor that another may have been computed from. */
export interface Given {
  name: string;
  kind: 'input' | 'state' | 'record' | 'output';
  dtype: string;
  shape: readonly number[];
  /** Reads it. */
  tensor(): Tensor;
  numbers(): Float64Array;
}

/** What texts call the side that is expected. */
export interface Words {
  /** Such as `Python`. */
  noun: string;
  /** Such as `Python's`. */
  possessive: string;
}

export const PYTHON: Words = { noun: 'Python', possessive: "Python's" };
const RECORDING: Words = { noun: 'the recording', possessive: "the recording's" };
export const EXPECTED: Words = { noun: 'what is expected', possessive: 'the expected' };

/** What texts call a run that was recorded in a language. */
export const wordsOf = (language: string): Words =>
  language === 'TypeScript' ? RECORDING : { noun: language, possessive: `${language}'s` };

/** Both sides of a tensor that differs, and what it may have been computed from. */
export interface Evidence {
  expected: Elements;
  actual: Elements;
  words: Words;
  given: readonly Given[];
  /** Numbers among the run's options. */
  options: readonly number[];
  /** Whether losses of what is given are computed, which takes milliseconds. */
  recomputes: boolean;
}

export const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;
