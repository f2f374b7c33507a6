/** `x.to` with all forms of arguments. */
import torch, { type Tensor } from 'torch-losses';

import { type Corner, describeCorners } from './corners';

const { ones } = torch;

/**
 * Returns calls of `x.to` with up to three arguments and one keyword, valid and invalid, of every type that a parameter
 * has.
 */
function conversions(): Corner[] {
  const values: [python: string, here: unknown][] = [
    ['None', null],
    ['True', true],
    ['torch.float64', torch.float64],
    ["'cpu'", 'cpu'],
    ['torch.ones(1, dtype=torch.int64)', ones(1, { dtype: torch.int64 })],
    ['[]', []],
  ];
  const lists = [[], ...values.map((value) => [value])];
  for (const list of lists) {
    if (list.length < 3) lists.push(...values.slice(0, 4).map((value) => [...list, value]));
  }
  const keywords = ['', 'device', 'dtype', 'non_blocking', 'copy', 'memory_format'];
  return lists.flatMap((list) =>
    // Python accepts True as a dtype or device in its own way.
    list[0]?.[1] === true
      ? []
      : keywords.flatMap((keyword) =>
          (keyword ? values.slice(0, 4) : values.slice(0, 1)).map(([python, here]): Corner => {
            const args = [
              ...list.map(([text]) => text),
              ...(keyword ? [`${keyword}=${python}`] : []),
            ];
            const given = [
              ...list.map(([, value]) => value),
              ...(keyword ? [{ [keyword]: here }] : []),
            ];
            return [
              `(lambda x: (lambda y: [y is x, y.dtype])(x.to(${args.join(', ')})))(torch.ones(2))`,
              () => {
                const x = ones(2);
                const y = (x.to as (...args: unknown[]) => Tensor)(...given);
                return [y === x, y.dtype];
              },
            ];
          }),
        ),
  );
}

describeCorners({
  'x.to of any arguments': conversions(),
});
