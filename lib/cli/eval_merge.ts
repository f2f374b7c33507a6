/** Implements `eval merge`, the summary of the shards of a job, and formats summaries. */
import type { BatchSummary, DifferenceSummary } from '../batch';
import { UsageError } from './errors';
import type { Terminal } from './terminal';

export const MERGE_HELP = `Give the summary of the shards of a job

Usage
  npx torch-losses eval merge [OPTIONS] OUT…

  OUT is what the shards were given as --out: a folder, losses/, or a file, losses.npy, for which their files are
  written into one. From several folders: several OUT, or the journals of the shards (.job).

Options
  --out FILE.npy       The file for all losses, if the shards are in several folders
  --grad-out FILE.npy  The file for all gradients
  --report FILE.html   Write a page with charts, if the shards were computed with --report
  --overwrite          Replace files that are there
  --json               Print the summary as JSON`;

interface Given {
  readonly out: string | undefined;
  readonly 'grad-out': string | undefined;
  readonly report: string | undefined;
  readonly overwrite: boolean;
}

/** Prints the summary, and returns the exit status. */
export async function mergeParts(
  outputs: readonly string[],
  { out, 'grad-out': gradOut, report, overwrite }: Given,
  terminal: Terminal,
): Promise<number | undefined> {
  if (outputs.length === 0) throw new UsageError('merge needs an output: eval merge OUT');
  terminal.lines = true;
  await import('../hooks.js');
  const { mergeFiles } = await import('../batch/merge.js');
  const { summary, files } = await mergeFiles(outputs, { out, gradOut, report, overwrite });
  terminal.result(summary, () => summaryText(summary, files));
  return statusOf(summary);
}

/** The exit status if all losses are written, and rows were skipped or have a loss that is NaN. */
const INCOMPLETE = 5;

/** Returns the exit status of a job that was completed. */
export const statusOf = ({ nan, skipped }: BatchSummary): number | undefined =>
  nan || skipped ? INCOMPLETE : undefined;

export function summaryText(summary: BatchSummary, written: readonly string[]): string {
  const { loss, rows, losses, reduction, value, nan, infinite, skipped, difference } = summary;
  const places = [
    ...summary.skippedRows.map(
      ({ file, row, message }) => `  skipped: row ${row} of ${file}: ${message}`,
    ),
    ...summary.nanRows.map(({ file, row }) => `  NaN: row ${row} of ${file}`),
  ];
  return [
    value === null ? loss : `${loss}: ${reduction} ${value}`,
    ...(difference ? [differenceText(difference)] : []),
    `${rows.toLocaleString('en')} rows, ${losses.toLocaleString('en')} losses` +
      (skipped ? `, ${skipped} rows skipped` : '') +
      (nan ? `, ${nan} losses NaN` : '') +
      (infinite ? `, ${infinite} infinite` : ''),
    ...places,
    ...written.map((file) => `Wrote ${file}`),
  ].join('\n');
}

function differenceText({ mean, before, lower, higher, equal, nan }: DifferenceSummary): string {
  const counts = [
    [lower, 'lower'],
    [higher, 'higher'],
    [equal, 'equal'],
    [nan, 'NaN'],
  ] as const;
  const shown = counts
    .filter(([count]) => count)
    .map(([count, what]) => `${count.toLocaleString('en')} ${what}`);
  return `mean difference ${mean}, from ${before}: ${shown.join(', ') || 'no losses'}`;
}
