/** The reason why a comparison failed. */
import type { Path } from './values';

/** The failure of a comparison. assert_close turns it into an error with Python's class. */
export class Mismatch extends Error {
  constructor(
    readonly pythonType: string,
    message: string,
    readonly path: Path,
    /** The part of the message that Python does not have. */
    readonly details = '',
  ) {
    super(message);
  }
}
