/**
 * Warnings, shown through `process.emitWarning` as often as Python's default filter shows them: once per text and
 * reporting line.
 */
import path from 'node:path';

/** Python's categories, in the order of native/bindings/warnings.h. */
const CATEGORIES = ['UserWarning', 'DeprecationWarning', 'FutureWarning'] as const;
export type WarningCategory = (typeof CATEGORIES)[number];

/**
 * Which line Python reports: the one that called the functional (native/bindings/warnings.h), a line inside torch, or the
 * user's own, whatever of torch lies between.
 */
export type WarningOrigin = 'caller' | 'torch' | 'user';
const ORIGINS: readonly WarningOrigin[] = ['caller', 'torch'];

/** A warning as Python's `catch_warnings(record=True)` has it. */
export type RecordedWarning = readonly [category: string, text: string];

const shown = new Set<string>();
let recorded: RecordedWarning[] | undefined;

/** Called by the native side for each warning of a call. */
export function emitNativeWarning(category: number, origin: number, text: string): void {
  warn(text, CATEGORIES[category] ?? 'UserWarning', ORIGINS[origin] ?? 'caller');
}

/**
 * Shows a warning, unless its line has shown it before.
 *
 * @param text - Python's text
 * @param category - Python's class
 * @param origin - whose line counts: the user's that called a functional, or the one inside torch
 */
export function warn(
  text: string,
  category: WarningCategory = 'UserWarning',
  origin: WarningOrigin = 'caller',
): void {
  if (recorded) {
    recorded.push([category, text]);
    return;
  }
  const key = `${reportingLine(origin)}\n${category}\n${text}`;
  if (shown.has(key)) return;
  shown.add(key);
  process.emitWarning(text, { type: category });
}

/**
 * Runs `body` with every warning recorded, however often its line gave it before, in place of being shown: Python's
 * `catch_warnings(record=True)` under `simplefilter('always')`.
 *
 * @param body - synchronous
 */
export function recordWarnings<T>(body: () => T): { value: T; warnings: RecordedWarning[] } {
  const outer = recorded;
  const warnings: RecordedWarning[] = [];
  recorded = warnings;
  try {
    return { value: body(), warnings };
  } finally {
    recorded = outer;
  }
}

const HERE = path.resolve(__dirname, '..') + path.sep;
const MODULES = path.join(HERE, 'nn', 'modules');

/**
 * The line that Python would report. A call through a module reports the module's own line, whoever called it; one
 * straight to a functional reports the user's. For a line inside torch the innermost frame of this package stands.
 */
function reportingLine(origin: WarningOrigin): string {
  const frames = stackFrames();
  const inner = frames.filter((frame) => frame.includes(HERE));
  if (origin === 'torch') return inner[0] ?? '';
  const ofModule = origin === 'caller' && inner.find((frame) => frame.includes(MODULES));
  return ofModule || (frames.find((frame) => !frame.includes(HERE)) ?? '');
}

// The files as they run: with --enable-source-maps a formatted stack would name the sources, which lie elsewhere.
function stackFrames(): string[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  let frames: string[];
  try {
    Error.stackTraceLimit = 50;
    Error.prepareStackTrace = (_error, sites) => sites.map(placeOf);
    frames = new Error().stack as unknown as string[];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return frames.filter((frame) => !frame.includes(__filename) && !frame.includes('node:internal'));
}

function placeOf(site: NodeJS.CallSite): string {
  const file = site.getScriptNameOrSourceURL() ?? site.getFileName() ?? '';
  return `${file}:${site.getLineNumber()}:${site.getColumnNumber()}`;
}
