/** `torch.utils`. Its parts are loaded on first use. */
import type * as arrays from './numpy';
import { onFirstUse } from './on_first_use';

/** Numpy's files: `load`, `save`, `savez`. */
export declare const numpy: typeof arrays;
export declare namespace numpy {
  export type LoadOptions = arrays.LoadOptions;
  export type NpzFile = arrays.NpzFile;
}
onFirstUse(exports, 'numpy', () => require('./numpy'));
