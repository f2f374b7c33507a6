/** What is wrong with a table, or with one of its rows. It crosses from thread to thread. */
export class RowProblem extends Error {
  constructor(
    message: string,
    /** The number of the row in the file, from 0. */
    readonly row?: number,
  ) {
    super(message);
  }
}
