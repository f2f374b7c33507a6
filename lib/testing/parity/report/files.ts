/** Summarizes the results of several files, in numbers and as a sentence. */
import { wordsOf } from '../../diagnosis/evidence';
import { thousands } from '../../difference/text';
import type { RunReport } from '../port/comparison';
import type { Verdict } from '../port/tensor_report';
import type { CaseReport } from '../run_case';

/** The result of a file: a report, or the reason why it could not be run. */
export type FileResult =
  | { path: string; report: RunReport | CaseReport }
  | { path: string; error: string };

interface FileCounts extends Record<Verdict, number> {
  /** The number of files that could not be run. */
  unrun: number;
}

/** Counts tensors by their verdicts. */
export function countsOf(results: readonly FileResult[]): FileCounts {
  const counts = { equal: 0, close: 0, different: 0, unrun: 0 };
  for (const result of results) {
    if ('error' in result) counts.unrun++;
    else for (const { verdict } of result.report.results) counts[verdict]++;
  }
  return counts;
}

/** Returns the worst verdict of all files. */
export function verdictOfFiles(results: readonly FileResult[]): Verdict | 'unrun' {
  const verdicts = results.map((result) => ('error' in result ? 'unrun' : result.report.verdict));
  const order = ['unrun', 'different', 'close'] as const;
  return order.find((verdict) => verdicts.includes(verdict)) ?? 'equal';
}

/** What texts call the other side of all files. */
function recorderOf(results: readonly FileResult[]): string {
  const languages = results.flatMap((result) =>
    'error' in result ? [] : result.report.sides.recorded.language,
  );
  const isOne = new Set(languages).size === 1;
  return isOne ? wordsOf(languages[0]!).noun : 'what was recorded';
}

export function titleOf(results: readonly FileResult[]): string {
  const { equal, close, different, unrun } = countsOf(results);
  const all = thousands(equal + close + different);
  const of = results.length === 1 ? '' : ` in ${thousands(results.length)} files`;
  const recorder = recorderOf(results);
  const rest = unrun ? `; ${thousands(unrun)} of the files could not be run` : '';
  if (different)
    return `${thousands(different)} of ${all} tensors${of} differ from ${recorder}${rest}`;
  if (unrun) return `${thousands(unrun)} of ${thousands(results.length)} files could not be run`;
  const equals = `All ${all} tensors${of} equal ${recorder}`;
  const isOrdered = verdictOfFiles(results) !== 'different';
  if (!isOrdered) return `${equals}, and were computed in another order`;
  if (close) return `${equals}, or are within the tolerance`;
  return `${equals} bit for bit`;
}
