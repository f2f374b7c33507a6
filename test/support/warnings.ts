/**
 * Collects the warnings of a function. Node emits warnings on the next tick, so a collector waits for that. Meanwhile
 * Node's listener, which prints warnings, is removed.
 */

export type SeenWarning = readonly [category: string, text: string];

/** Removes the position in libtorch's source from a C++ warning, since it differs between builds. */
const withoutPlace = (text: string): string =>
  text.replace(/ \(Triggered internally at .*\)$/s, '');

/** All warnings of this process since this file was loaded, as `category: text` without a position. */
export const everSeen = new Set<string>();
process.on('warning', ({ name, message }) => everSeen.add(withoutPlace(`${name}: ${message}`)));

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs `body`, which may be asynchronous. Returns its result, and its warnings in order. */
export async function withWarnings<T>(
  body: () => T,
): Promise<{ value: Awaited<T>; warnings: SeenWarning[] }> {
  await nextTurn();
  const warnings: SeenWarning[] = [];
  const listeners = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => {
    warnings.push([name, message]);
  });
  try {
    const value = await body();
    await nextTurn();
    for (const [name, text] of warnings) everSeen.add(withoutPlace(`${name}: ${text}`));
    return { value, warnings };
  } finally {
    process.removeAllListeners('warning');
    for (const listener of listeners) process.on('warning', listener);
  }
}

/** Matches warnings that are shown once for each line of torch's code, whoever calls it. */
const ONCE_PER_TORCH_LINE = /^(UserWarning: )?size_average and reduce args|elementwise_mean/;

/**
 * Returns the differences between Python's warnings, which are all shown, and ours. Ours may lack a warning that is
 * shown once and was shown before: a module's, and those of the legacy arguments.
 */
export function warningDifferences(
  python: readonly SeenWarning[],
  ours: readonly SeenWarning[],
  seenBefore: ReadonlySet<string>,
  fromModule: boolean,
): string[] {
  const text = ([category, message]: SeenWarning): string =>
    withoutPlace(`${category}: ${message}`);
  const remaining = ours.map(text);
  const missing = [...new Set(python.map(text))].filter((line) => {
    const at = remaining.indexOf(line);
    if (at >= 0) remaining.splice(at, 1);
    return at < 0;
  });
  const excused = (line: string): boolean =>
    seenBefore.has(line) && (fromModule || ONCE_PER_TORCH_LINE.test(line));
  return [
    ...missing.filter((line) => !excused(line)).map((line) => `missing warning: ${line}`),
    ...remaining.map((line) => `warning that Python does not give: ${line}`),
  ];
}
