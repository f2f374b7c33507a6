/** `nn.LinearCrossEntropyOptions`, compared with Python: its fields, and the values that they resolve to. */
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

import { describeWhereThere } from '../../support/versions';
import { type Argument, dtype, float, PerLanguage } from '../case';
import { askPython, TEXT_OF, textOf } from '../parity';
import {
  ACC_DTYPES,
  chunks,
  type Fields,
  IS_SINCE_214,
  METHODS,
  POLICIES,
  pythonLiteral,
} from './problems';

describeWhereThere('parity: LinearCrossEntropyOptions', () => {
  it('keywords, order and defaults', async () => {
    const [python] = (await askPython('import inspect', [
      '[[p.name, p.default] for p in inspect.signature(nn.LinearCrossEntropyOptions).parameters.values()]',
    ])) as [unknown[][]];
    const ours = nn.LinearCrossEntropyOptions.signature.map((field) => [field.name, field.default]);
    expect(ours).to.deep.equal(python);
  });

  it('fields that are taken, and those that are refused', async () => {
    const values: Record<string, readonly Argument[]> = {
      allow_retain_graph: [true, false],
      batch_chunk_size: [1, 7, null, 0, -3, float(2.5), 'a', float(NaN)],
      chunking_method: [
        ...METHODS,
        ...['aspect_ratio:12', 'aspect_ratio:007', 'aspect_ratio:0', 'aspect_ratio:', 'aspect'],
        ...['aspect_ratio:-1', 'aspect_ratio:2:3', '', 'Auto', "it's", `"it's"`, 'a\nb'],
      ],
      acc_policy: [...POLICIES, 'balanced', 'fast', '', 3, null, true, "o'clock", 'back\\slash'],
      acc_dtype: [
        null,
        'float32',
        32,
        ...[...ACC_DTYPES, 'int32', 'int64', 'complex64', 'bool'].map(dtype),
      ],
    };
    const pairs = Object.entries(values).flatMap(([name, choices]) =>
      choices.map((value) => [name, value] as const),
    );
    const source = pairs.map(([name, value]) => {
      const python = value instanceof PerLanguage ? value.python : pythonLiteral(value);
      return `text_of(lambda: nn.LinearCrossEntropyOptions(${name}=${python}))`;
    });
    const [python] = (await askPython(TEXT_OF, [`[${source.join(', ')}]`])) as [string[]];
    const ours = pairs.map(([name, value]) => {
      const given = value instanceof PerLanguage ? value.javascript : value;
      return textOf(() => new nn.LinearCrossEntropyOptions({ [name]: given }));
    });
    expect(ours).to.deep.equal(python);
  });

  it('types that are refused, in words of our own', () => {
    for (const fields of [{ allow_retain_graph: 1 }, { chunking_method: 3 }, { bogus: 1 }, [1]]) {
      expect(() => new nn.LinearCrossEntropyOptions(fields as Fields)).to.throw(TypeError);
    }
    const options = new nn.LinearCrossEntropyOptions();
    expect(() => Object.assign(options, { acc_policy: 'compact' })).to.throw(TypeError);
  });

  it('_adjust: what they come to', async function () {
    this.timeout(60_000);
    const fields: [keyof Fields, readonly unknown[]][] = [
      ['batch_chunk_size', [null, 1, 2, 3, 64]],
      ['chunking_method', METHODS],
      ['acc_policy', POLICIES],
    ];
    const combinations = fields.reduce<Fields[]>(
      (found, [name, values]) =>
        found.flatMap((rest) => values.map((value) => ({ ...rest, [name]: value }) as Fields)),
      [{}],
    );
    const all = combinations.map((combination) => chunks(combination));
    all.push(chunks({ allow_retain_graph: true }));
    all.push(
      new PerLanguage(
        'nn.LinearCrossEntropyOptions(acc_dtype=torch.float64)',
        new nn.LinearCrossEntropyOptions({ acc_dtype: torch.float64 }),
      ),
    );
    const sizes = [
      ...[1, 2, 3, 4, 5, 63, 64, 65].map((batch) => [batch, 8, 30]),
      ...[
        [0, 3, 7],
        [16, 0, 7],
        [16, 3, 0],
        [4096, 512, 32000],
        [10, 30, 3],
      ],
    ];
    const dtypes = ['float32', 'bfloat16', 'float16', 'float64', 'int64', 'complex64'] as const;
    // Leaves out an existing CUDA device, since the values depend on its type.
    const devices = torch.cuda.is_available() ? [null, 'cpu'] : [null, 'cpu', 'cuda'];
    // Whether the target holds probabilities.
    const flags = IS_SINCE_214 ? [[0], [1]] : [[]];
    const source = `${TEXT_OF}
texts = []
for options in [${all.map(({ python }) => python).join(', ')}]:
  for sizes in ${JSON.stringify(sizes)}:
    for dtype in [${dtypes.map((name) => `torch.${name}`).join(', ')}]:
      for name in [${devices.map(pythonLiteral).join(', ')}]:
        device = name and torch.device(name)
        for flags in ${JSON.stringify(flags)}:
          texts.append(text_of(lambda: options._adjust(*sizes, dtype, device, *flags)))
`;
    const texts: string[] = [];
    for (const { javascript } of all) {
      for (const [batch, features, classes] of sizes as [number, number, number][]) {
        for (const name of dtypes) {
          for (const device of devices) {
            const options = javascript as InstanceType<typeof nn.LinearCrossEntropyOptions>;
            for (const [flag = 0] of flags) {
              texts.push(
                textOf(() =>
                  options._adjust(batch, features, classes, torch[name], device, flag === 1),
                ),
              );
            }
          }
        }
      }
    }
    this.test!.title += ` (${texts.length} cases)`;
    const [python] = (await askPython(source, ['texts'])) as [string[]];
    const differing = texts.flatMap((text, i) =>
      text === python[i] ? [] : [`${text}\n  Python: ${python[i]}`],
    );
    expect(differing.slice(0, 5)).to.deep.equal([]);
  });
});
