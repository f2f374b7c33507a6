/** An error that the user can correct. It is shown without a stack. */
export class CommandError extends Error {
  /** The advice to the user. */
  readonly advice: string | undefined;
  /** The exit status. Default: the command's status for errors. */
  readonly status: number | undefined;

  constructor(message: string, advice?: string, status?: number) {
    super(message);
    this.name = 'CommandError';
    this.advice = advice;
    this.status = status;
  }
}

/** The command line is wrong. */
export class UsageError extends CommandError {
  constructor(message: string, advice?: string) {
    super(message, advice);
    this.name = 'UsageError';
  }
}

/** The exit statuses of the command line. */
export const EXIT = {
  success: 0,
  /** The command failed, or a check found a problem. */
  failure: 1,
  /** The command, an option or a value does not exist. */
  usage: 2,
  /** A program that should be compared did not run. */
  unrun: 2,
} as const;
