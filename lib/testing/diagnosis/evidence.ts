/** The data from which a diagnosis is made. */
import type { Tensor } from '../../tensor/tensor';
import type { Elements } from '../difference/elements';

/** A tensor from which the differing tensor may have been computed. */
export interface Given {
  name: string;
  kind: 'input' | 'state' | 'record' | 'output';
  dtype: string;
  shape: readonly number[];
  /** Reads the tensor. */
  tensor(): Tensor;
  numbers(): Float64Array;
}

/** The words for the expected side. */
export interface Words {
  /** The noun, such as `Python`. */
  noun: string;
  /** The possessive, such as `Python's`. */
  possessive: string;
}

export const PYTHON: Words = { noun: 'Python', possessive: "Python's" };
const RECORDING: Words = { noun: 'the recording', possessive: "the recording's" };
export const EXPECTED: Words = { noun: 'what is expected', possessive: 'the expected' };

/** What texts call a run that was recorded in a language. */
export const wordsOf = (language: string): Words =>
  language === 'TypeScript' ? RECORDING : { noun: language, possessive: `${language}'s` };

/** The two sides of a tensor that differs, and the tensors from which it may have been computed. */
export interface Evidence {
  expected: Elements;
  actual: Elements;
  words: Words;
  given: readonly Given[];
  /** The numbers among the options of the run. */
  options: readonly number[];
  /** Whether losses of the given tensors may be computed, which takes milliseconds. */
  recomputes: boolean;
}

export const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`;
