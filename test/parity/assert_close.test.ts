/** `torch.testing.assert_close`, compared with Python: the result and the exact message. */
import { expect } from 'chai';
import torch from 'torch-losses';

import { type DType, Input, isDifferentiable, Random } from '../support/data';
import { withWarnings } from '../support/warnings';
import { type Argument, type Call, float, type Options, PerLanguage } from './case';
import { askPython, expectParity } from './parity';

const DTYPES: DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'complex64',
  'complex128',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint8',
  'bool',
];
const SHAPES = [[], [1], [3], [0], [2, 3], [2, 0, 3], [4, 3, 2], [1, 7, 1], [16]];
const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 1e-7, 65504];

const random = new Random(41);
const maybe = (probability: number): boolean => random.next() < probability;

const call = (actual: Argument, expected: Argument, kwargs: Options = {}): Call => ({
  callee: 'torch.testing.assert_close',
  args: [actual, expected],
  kwargs,
  wordsTypeErrors: true,
});

/** Returns random options. Each is missing in most cases. */
function anyOptions(): Options {
  const options: Record<string, Argument> = {};
  const tolerances = [0, 0.5, 1e-3, 1e-10, 1e20, -1].map(float);
  if (maybe(0.5)) options['rtol'] = maybe(0.1) ? null : random.pick(tolerances);
  if (options['rtol'] ? maybe(0.95) : maybe(0.05)) options['atol'] = random.pick(tolerances);
  for (const name of ['check_dtype', 'check_layout', 'check_device', 'allow_subclasses']) {
    if (maybe(0.2)) options[name] = maybe(0.3);
  }
  for (const name of ['check_stride', 'equal_nan']) if (maybe(0.2)) options[name] = maybe(0.7);
  return options;
}

/** Returns the elements of a tensor, and those of one that differs in some places. */
function elements(dtype: DType): [actual: (i: number) => number, expected: (i: number) => number] {
  const values: number[] = [];
  const value = (i: number): number => {
    const special = isDifferentiable(dtype) && maybe(0.1);
    return (values[i] ??= special ? random.pick(SPECIAL) : random.integer(0, 120) / 4);
  };
  const changes = random.pick([0, 0.2, 1]);
  const change = (i: number): number => {
    if (!maybe(changes)) return value(i);
    if (isDifferentiable(dtype) && maybe(0.2)) return random.pick(SPECIAL);
    const step = random.pick([1, 1e-3, 1e-6, 1e-8]);
    return Math.abs(value(i) + (isDifferentiable(dtype) ? step : random.integer(0, 3)));
  };
  return [value, change];
}

function tensorCases(dtype: DType, count: number): Call[] {
  return Array.from({ length: count }, () => {
    const [actual, expected] = elements(dtype);
    const shape = random.pick(SHAPES);
    const otherShape = maybe(0.08) ? random.pick(SHAPES) : shape;
    const otherDType = maybe(0.12) ? random.pick(DTYPES) : dtype;
    const layout = (of: readonly number[]) =>
      of.length > 1 && maybe(0.15) ? { layout: 'transposed' as const } : {};
    const requires_grad = maybe(0.1);
    return call(
      Input.of(dtype, shape, actual, { ...layout(shape), requires_grad }),
      Input.of(otherDType, otherShape, expected, layout(otherShape)),
      anyOptions(),
    );
  });
}

// --- values that both languages write in their own way ----------------------------------------------------------------

const int = (value: bigint): PerLanguage => new PerLanguage(String(value), value);
const real = (value: number): PerLanguage =>
  new PerLanguage(float(value).python, torch.asFloat(value));
const complex = (re: number, im: number): PerLanguage =>
  new PerLanguage(`complex(${float(re).python}, ${float(im).python})`, { re, im });
const list = (items: readonly PerLanguage[]): PerLanguage =>
  new PerLanguage(
    `[${items.map(({ python }) => python).join(', ')}]`,
    items.map(({ javascript }) => javascript),
  );
const dict = (items: Readonly<Record<string, PerLanguage>>): PerLanguage => {
  const entries = Object.entries(items);
  return new PerLanguage(
    `{${entries.map(([key, { python }]) => `${JSON.stringify(key)}: ${python}`).join(', ')}}`,
    Object.fromEntries(entries.map(([key, { javascript }]) => [key, javascript])),
  );
};
const floats = (values: readonly number[]): PerLanguage =>
  new PerLanguage(
    `torch.tensor([${values.map((value) => float(value).python).join(', ')}])`,
    torch.tensor(values.map((value) => torch.asFloat(value))),
  );
const none = new PerLanguage('None', null);
const yes = new PerLanguage('True', true);
const no = new PerLanguage('False', false);
const string = new PerLanguage("'text'", 'text');
const parameter = new PerLanguage(
  'nn.Parameter(torch.tensor([1.0, 2.0]))',
  new torch.nn.Parameter(torch.tensor([1, 2], { dtype: torch.float32 })),
);

const BIG = 2n ** 63n - 1n;
const NUMBERS: readonly PerLanguage[] = [
  ...[0n, 1n, -1n, 3n, 10n ** 6n, 2n ** 53n + 1n, BIG, -BIG].map(int),
  ...[0, -0, 1, 1.5, -2.25, 3, 1e16, 1e-7, 1e-320, 0.1 + 0.2, 0.3, NaN, Infinity, -Infinity].map(
    real,
  ),
  complex(1, 2),
  complex(0, 1.5),
  complex(-0, -2),
  complex(NaN, Infinity),
  complex(1 + 1e-9, 2),
  complex(0.1, 0.7),
];
const OTHERS: readonly PerLanguage[] = [
  none,
  yes,
  no,
  string,
  parameter,
  floats([]),
  floats([1, 2]),
  floats([1, 2.5]),
  list([]),
  list([int(1n), floats([1])]),
  dict({}),
  dict({ a: int(1n) }),
];

/** Returns nested containers, and a copy with a change. */
function nested(depth: number): [PerLanguage, PerLanguage] {
  if (depth === 0 || maybe(0.2)) {
    const leaf = random.pick([...NUMBERS, ...OTHERS]);
    return [leaf, maybe(0.1) ? random.pick([...NUMBERS, ...OTHERS]) : leaf];
  }
  const pairs = Array.from({ length: random.integer(0, 4) }, () => nested(depth - 1));
  const [left, right] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
  if (maybe(0.05)) right.push(int(1n));
  if (maybe(0.5)) return [list(left), list(right)];
  const keys = ['b', 'a', "it's", 'B', 'ä'];
  const named = (values: readonly PerLanguage[], names: readonly string[]): PerLanguage =>
    dict(Object.fromEntries(values.map((value, i) => [names[i]!, value])));
  return [named(left, keys), named(right, maybe(0.1) ? [...keys].reverse() : keys)];
}

/** Sparse tensors of one shape, by layout. */
const MATRICES = [
  [1.5, 0, 0, 2, 0, 3],
  [1.5, 0, 0, 2, 0, 4],
  [1.5, 0, 2, 0, 0, 3],
  [1.5, 0, 0, 2, 1, 3],
];
const LAYOUTS = [
  'to_sparse_coo',
  'to_sparse_csr',
  'to_sparse_csc',
  'to_sparse_bsr',
  'to_sparse_bsc',
];
function sparse(values: readonly number[], layout: string): PerLanguage {
  const made = floats(values);
  const block = layout.includes('_bs') ? [[1, 1]] : [];
  const [method, args] =
    layout === 'to_sparse_coo' ? ['to_sparse', ''] : [layout, block.length ? '(1, 1)' : ''];
  const dense = (made.javascript as torch.Tensor).reshape([2, 3]);
  const convert = torch.ops.aten[method as 'to_sparse']!;
  return new PerLanguage(
    `${made.python}.reshape(2, 3).${method}(${args})`,
    block.length ? convert(dense, [1, 1]) : convert(dense),
  );
}

const float8 = (values: readonly number[]): PerLanguage => {
  const made = floats(values);
  return new PerLanguage(
    `${made.python}.to(torch.float8_e5m2)`,
    (made.javascript as torch.Tensor).to(torch.float8_e5m2),
  );
};

describe('parity: torch.testing.assert_close', function () {
  this.timeout(60_000);

  for (const dtype of DTYPES) {
    it(`tensors of ${dtype}`, () => expectParity(tensorCases(dtype, 60)));
  }

  it('numbers', () =>
    expectParity(
      NUMBERS.flatMap((actual) =>
        NUMBERS.flatMap((expected) => [
          call(actual, expected, { check_dtype: false }),
          ...(maybe(0.3) ? [call(actual, expected, anyOptions())] : []),
        ]),
      ),
    ));

  it('things of every two kinds', () => {
    const all = [...NUMBERS.slice(7, 10), complex(1, 2), ...OTHERS];
    return expectParity(
      all.flatMap((actual) => all.map((expected) => call(actual, expected, anyOptions()))),
    );
  });

  it('nested containers', () =>
    expectParity(Array.from({ length: 300 }, () => call(...nested(3), anyOptions()))));

  it('sparse tensors', async () => {
    // Both languages warn about the first such tensor, once per process.
    await askPython('torch.eye(2).to_sparse_bsc((1, 1))', []);
    const { value: calls } = await withWarnings(() =>
      LAYOUTS.flatMap((layout) =>
        MATRICES.flatMap((values) => [
          call(sparse(MATRICES[0]!, layout), sparse(values, layout)),
          call(sparse(values, layout), sparse(MATRICES[0]!, random.pick(LAYOUTS)), {
            check_layout: false,
          }),
          call(sparse(values, layout), sparse(MATRICES[0]!, random.pick(LAYOUTS))),
        ]),
      ),
    );
    await expectParity(calls);
  });

  it('floats of 8 bits', () => {
    const exact = { rtol: float(0), atol: float(0) };
    return expectParity([
      call(float8([1, 2, 3]), float8([1, 2, 3])),
      call(float8([1, 2, 3]), float8([1, 3, 4])),
      call(float8([1, 2, 3]), float8([1, 3, 4]), exact),
      call(float8([1, 2]), float8([1, 3]), { rtol: float(0.5), atol: float(0) }),
      call(list([float8([1, 2])]), list([float8([1, 3])]), { rtol: float(0.5), atol: float(1) }),
    ]);
  });

  it("tensors without elements' memory", () => {
    const meta = (dtype: string): PerLanguage =>
      new PerLanguage(
        `torch.empty(2, device='meta', dtype=torch.${dtype})`,
        torch.empty(2, { device: 'meta', dtype: torch[dtype as 'float32'] }),
      );
    return expectParity([
      call(meta('float32'), meta('float32')),
      call(meta('float32'), meta('float64')),
      call(meta('float32'), floats([1, 2])),
      call(meta('float32'), floats([1, 2]), { check_device: false }),
    ]);
  });

  it('messages of the caller', () => {
    const shout = new PerLanguage("lambda text: f'Oh: {text}!'", (text: string) => `Oh: ${text}!`);
    // Of numbers: what ours says of tensors goes on after Python's text.
    const different: [PerLanguage, PerLanguage] = [list([real(1.5)]), list([real(2.5)])];
    return expectParity(
      [shout, 'My own', '', null].flatMap((msg) => [
        call(...different, { msg }),
        call(int(1n), real(1), { msg }),
        call(list([]), list([int(1n)]), { msg }),
      ]),
    );
  });

  it('takes plain objects for data, and options third', () => {
    const { assert_close } = torch.testing;
    assert_close({ a: 1 }, { a: 1 });
    assert_close(new Map([['a', 1]]), { a: 1 });
    assert_close({ rtol: 1, atol: 1 }, { rtol: 1.5, atol: 1 }, { rtol: 0.5, atol: 0 });
    expect(() => assert_close({ a: 1 }, { a: 2 })).to.throw("item ['a']");
    expect(() => assert_close(1, 1, { equal_man: true } as object)).to.throw(
      TypeError,
      "did you mean 'equal_nan'",
    );
    expect(() => assert_close(1, 1, 2 as never)).to.throw(TypeError);
    expect(() => assert_close(1, 1, { equal_nan: 1 as never })).to.throw(TypeError, "'equal_nan'");
    expect(() => (assert_close as (one: number) => void)(1)).to.throw(TypeError, "'expected'");
  });

  it('takes an integral number beside another for what the other is', () => {
    const { assert_close } = torch.testing;
    assert_close(1, 1 + 1e-9);
    assert_close(new Float32Array([1]), new Float32Array([1]));
    expect(() => assert_close(10 ** 9, 10 ** 9 + 1)).to.throw('not equal');
    expect(() => assert_close(1n, 1.5)).to.throw("<class 'int'> != <class 'float'>");
    expect(() => assert_close(1, torch.asFloat(1.5))).to.throw('Expected 1.5 but got 1.0.');
  });
});
