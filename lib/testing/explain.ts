/** Adds to torch's message of a failed assertion: distances in ulps, bits, and possible causes. */
import { withoutGrad } from '../nn/ops';
import type { Tensor } from '../tensor/tensor';
import { diagnose, otherShape } from './diagnosis';
import { EXPECTED } from './diagnosis/evidence';
import { differenceOf } from './difference/difference';
import { elementsOf } from './difference/elements';
import { sideOf } from './difference/side';
import { differenceLines, thousands } from './difference/text';

/** Returns the addition for two tensors that differ. Empty if one of them is not strided. */
export function explain(actual: Tensor, expected: Tensor): string {
  return withoutGrad(() => linesOf(actual, expected).join('\n'));
}

function linesOf(actual: Tensor, expected: Tensor): string[] {
  const sides = [sideOf(expected), sideOf(actual)] as const;
  if (String(actual.shape) !== String(expected.shape) || actual.dtype !== expected.dtype) {
    const text = otherShape(...(sides.map(elementsOf) as Elements2), EXPECTED);
    return text === undefined ? [] : [text];
  }
  const difference = differenceOf(...sides);
  if (!difference) return [];
  const { different, count } = difference;
  const [far, ...rest] = differenceLines(difference, ['expected', 'actual']);
  const [a, b] = sides.map(elementsOf) as Elements2;
  return [
    `The bits of ${thousands(different)} of ${thousands(count)} elements differ, ${far}`,
    ...rest,
    ...diagnose({
      expected: a,
      actual: b,
      words: EXPECTED,
      given: [],
      options: [],
      recomputes: false,
    }),
  ];
}

type Elements2 = [ReturnType<typeof elementsOf>, ReturnType<typeof elementsOf>];
