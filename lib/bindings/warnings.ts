/**
 * Shows warnings through `process.emitWarning`, as often as Python's default filter does: once for each text and
 * reporting line.
 */
import path from 'node:path';

/** Python's warning categories, in the order of native/bindings/warnings.h. */
const CATEGORIES = ['UserWarning', 'DeprecationWarning', 'FutureWarning'] as const;
export type WarningCategory = (typeof CATEGORIES)[number];

/**
 * The line that Python reports: `'caller'` is the line that called the functional (native/bindings/warnings.h),
 * `'torch'` a line inside torch, `'user'` the innermost line outside torch.
 */
type WarningOrigin = 'caller' | 'torch' | 'user';
const ORIGINS: readonly WarningOrigin[] = ['caller', 'torch'];

/** A warning as Python's `catch_warnings(record=True)` records it. */
export type RecordedWarning = readonly [category: string, text: string];

const shown = new Set<string>();
let recorded: RecordedWarning[] | undefined;

/** Shows a warning of a native call. The native side calls it. */
export function emitNativeWarning(category: number, origin: number, text: string): void {
  warn(text, CATEGORIES[category] ?? 'UserWarning', ORIGINS[origin] ?? 'caller');
}

/**
 * Shows a warning, unless its line has shown it before.
 *
 * @param text - Python's text
 * @param category - Python's class
 * @param origin - which line counts as the one that warns
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
 * Runs `body`, and records its warnings instead of showing them: all of them, repeated ones too. Like Python's
 * `catch_warnings(record=True)` with `simplefilter('always')`.
 *
 * @param body - a synchronous function
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
 * Returns the line that Python would report. For `'caller'`, this is the line in a module's file if a module called the
 * functional, else the user's line. For `'torch'`, it is the innermost frame of this package.
 */
function reportingLine(origin: WarningOrigin): string {
  const frames = stackFrames();
  const inner = frames.filter((frame) => frame.includes(HERE));
  if (origin === 'torch') return inner[0] ?? '';
  const ofModule = origin === 'caller' && inner.find((frame) => frame.includes(MODULES));
  return ofModule || (frames.find((frame) => !frame.includes(HERE)) ?? '');
}

// Returns the positions in the files that run. A formatted stack would name the TypeScript sources under
// --enable-source-maps, which are in another folder.
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
