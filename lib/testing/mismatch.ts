/** Why a comparison failed. */
import type { Path } from './values';

/** A comparison's failure, which becomes an error of Python's class. */
export class Mismatch extends Error {
  constructor(
    readonly pythonType: string,
    message: string,
    readonly path: Path,
  ) {
    super(message);
  }
}
