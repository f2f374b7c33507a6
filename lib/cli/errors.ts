/** A failure that the person at the terminal can mend: shown without a stack. */
export class CommandError extends Error {
  /** What to do about it. */
  readonly advice: string | undefined;
  /** What the process ends with. Default: the command's status for errors. */
  readonly status: number | undefined;

  constructor(message: string, advice?: string, status?: number) {
    super(message);
    this.name = 'CommandError';
    this.advice = advice;
    this.status = status;
  }
}

/** The command line itself is wrong. */
export class UsageError extends CommandError {
  constructor(message: string, advice?: string) {
    super(message, advice);
    this.name = 'UsageError';
  }
}

/** What the process ends with. */
export const EXIT = {
  success: 0,
  /** The command failed, or what it checked is not right. */
  failure: 1,
  /** No such command or option, or a value that is not allowed. */
  usage: 2,
  /** What was to be compared could not be run. */
  unrun: 2,
} as const;
