/** The charts of the HTML report, as SVG. Colors are classes of the style sheet, so they follow the theme. */

import { rectangle, svg, text, WIDTH } from '../../../utils/html/svg';
import { thousands, ulpsText } from '../../difference/text';
import { DTYPES } from '../generate';
import type { ParityReport } from '../run';
import type { Counts } from '../statistics';
import { verdictOf } from './text';

const LABEL = 250;
const ROW = 22;

/** Returns a bar chart of the results by loss. */
export function casesChart({ by }: ParityReport): string {
  const losses = Object.entries(by.loss);
  const most = Math.max(...losses.map(([, { cases }]) => cases));
  const scale = (WIDTH - LABEL - 90) / most;
  const parts = losses.flatMap(([loss, counts], i) => {
    const y = i * ROW;
    let x = LABEL;
    const bars = segments(counts).map(([kind, count]) => {
      const width = count * scale;
      const bar = rectangle(
        { x, y: y + 4, width, height: ROW - 8 },
        kind,
        `${loss}: ${thousands(count)} ${kind}`,
      );
      x += width;
      return bar;
    });
    const count = text(x + 8, y + 15, thousands(counts.cases), 'count');
    return [text(LABEL - 10, y + 15, loss, 'label'), ...bars, count];
  });
  return svg(losses.length * ROW, 'Cases of each loss', parts);
}

function segments({ equal, refused, close, different }: Counts): [kind: string, count: number][] {
  const all: [string, number][] = [
    ['equal', equal - refused],
    ['refused', refused],
    ['close', close],
    ['different', different],
  ];
  return all.filter(([, count]) => count > 0);
}

/** Returns a grid with the worst result of each loss in each dtype. */
export function gridChart({ by }: ParityReport): string {
  const losses = Object.keys(by.loss);
  const dtypes = DTYPES.filter((dtype) => dtype in by.dtype);
  const width = (WIDTH - LABEL) / dtypes.length;
  const top = 24;
  const heads = dtypes.map((dtype, i) => text(LABEL + (i + 0.5) * width, 15, dtype, 'head'));
  const rows = losses.flatMap((loss, row) => {
    const y = top + row * ROW;
    const cells = dtypes.flatMap((dtype, column) => {
      const counts = by['loss and dtype'][`${loss} ${dtype}`];
      if (!counts) return [];
      const x = LABEL + column * width;
      const ulps = Math.max(counts.ulps.value, counts.ulps.gradient);
      const verdict = verdictOf(counts);
      const title =
        `${loss}, ${dtype}: ${thousands(counts.equal)} of ${thousands(counts.cases)} equal; ` +
        `worst ${ulpsText(counts.ulps.value)} ulps in values, ${ulpsText(counts.ulps.gradient)} in gradients`;
      const onlyRefused = verdict === 'equal' && counts.refused === counts.cases;
      const kind = onlyRefused ? 'refused' : verdict;
      const inNumbers = ulps > 0 ? ulpsText(ulps) : 'error';
      const shown = verdict !== 'equal' ? inNumbers : onlyRefused ? 'refused' : '0';
      return [
        rectangle({ x: x + 1, y: y + 1, width: width - 2, height: ROW - 2 }, kind, title),
        text(x + width / 2, y + 15, shown, 'cell'),
      ];
    });
    return [text(LABEL - 10, y + 15, loss, 'label'), ...cells];
  });
  return svg(top + losses.length * ROW, 'Worst distance of each loss in each dtype', [
    ...heads,
    ...rows,
  ]);
}
