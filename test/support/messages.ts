/** The error of a program as text, the same in both languages. */

/** Defines {@link message} in Python. */
export const MESSAGE_IN_PYTHON = `
def message(run):
    try:
        run()
        return 'no error'
    except Exception as error:
        return f'{type(error).__name__}: {error}'
`;

/** Returns the class and the message of the error that a program throws. */
export function message(run: () => unknown): string {
  try {
    run();
    return 'no error';
  } catch (error) {
    const { pythonType, message } = error as { pythonType: string; message: string };
    return `${pythonType}: ${message}`;
  }
}
