/** Recurrent layers and cells, with every option, and packed sequences: values, gradients, state, texts and errors. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample, TEXT_OF, textOf } from '../../parity/parity';

type Options = Readonly<Record<string, number | boolean | string>>;
type Pair = readonly [Tensor, Tensor];

const python = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? `'${value}'` : String(value);
};
const keywords = (options: Options): string =>
  Object.entries(options)
    .map(([name, value]) => `, ${name}=${python(value)}`)
    .join('');

/** All combinations of the values of each key. */
function combinations(values: Readonly<Record<string, readonly Options[string][]>>): Options[] {
  return Object.entries(values).reduce<Options[]>(
    (all, [name, choices]) =>
      all.flatMap((options) => choices.map((choice) => ({ ...options, [name]: choice }))),
    [{}],
  );
}

const COMMON = {
  num_layers: [1, 2],
  bias: [true, false],
  batch_first: [true, false],
  bidirectional: [true, false],
};
const LAYERS: readonly [name: 'RNN' | 'LSTM' | 'GRU', options: Options[]][] = [
  ['RNN', combinations({ ...COMMON, nonlinearity: ['tanh', 'relu'] })],
  ['LSTM', combinations({ ...COMMON, proj_size: [0, 2] })],
  ['GRU', combinations(COMMON)],
];

/** The ways in which a layer is called: inputs, with and without an initial state. */
const CALLS = ['batched', 'batched hx', 'unbatched', 'unbatched hx', 'packed', 'packed hx'];

const PROGRAM = `
def run(cls, kwargs, call, dtype, train):
    m = cls(4, 5, dtype=dtype, **kwargs).train(train)
    first = kwargs['batch_first']
    directions = 2 if kwargs['bidirectional'] else 1
    rows = kwargs['num_layers'] * directions
    lead = [] if 'unbatched' in call else [3]
    x = torch.randn(([6] if 'unbatched' in call else [3, 6] if first else [6, 3]) + [4], dtype=dtype, requires_grad=True)
    given = nn.utils.rnn.pack_padded_sequence(x, [2, 6, 4], first, False) if 'packed' in call else x
    args = []
    if 'hx' in call:
        h = torch.randn([rows] + lead + [kwargs.get('proj_size') or 5], dtype=dtype)
        args = [(h, torch.randn([rows] + lead + [5], dtype=dtype)) if cls is nn.LSTM else h]
    output, hidden = m(given, *args)
    packed = output if 'packed' in call else None
    data = packed.data if packed else output
    (data * torch.randn_like(data)).sum().backward()
    padded = list(nn.utils.rnn.pad_packed_sequence(packed, first)) if packed else []
    return [repr(m), list(m.state_dict()), data, hidden, padded, x.grad, [p.grad for p in m.parameters()]]
`;

function run(
  name: 'RNN' | 'LSTM' | 'GRU',
  options: Options,
  call: string,
  dtype: torch.DType,
  train: boolean,
): unknown[] {
  torch.manual_seed(0);
  const Class = nn[name] as new (input: number, hidden: number, options: object) => nn.Module;
  const m = new Class(4, 5, { ...options, dtype }).train(train);
  const first = options['batch_first'] as boolean;
  const rows = (options['num_layers'] as number) * (options['bidirectional'] ? 2 : 1);
  const lead = call.includes('unbatched') ? [] : [3];
  const batched = first ? [3, 6] : [6, 3];
  const shape = [...(call.includes('unbatched') ? [6] : batched), 4];
  const x = torch.randn(shape, { dtype, requires_grad: true });
  const { pack_padded_sequence, pad_packed_sequence } = nn.utils.rnn;
  const given = call.includes('packed') ? pack_padded_sequence(x, [2, 6, 4], first, false) : x;
  const args: unknown[] = [];
  if (call.includes('hx')) {
    const h = torch.randn([rows, ...lead, (options['proj_size'] as number) || 5], { dtype });
    args.push(name === 'LSTM' ? [h, torch.randn([rows, ...lead, 5], { dtype })] : h);
  }
  const [output, hidden] = m(given, ...args);
  const isPacked = output instanceof nn.utils.rnn.PackedSequence;
  const data = isPacked ? output.data : (output as Tensor);
  data.mul(torch.randn_like(data)).sum().backward();
  const padded = isPacked ? pad_packed_sequence(output, first) : [];
  const gradients = [...m.parameters()].map(({ grad }) => grad);
  return [String(m), [...m.state_dict().keys()], data, hidden, padded, x.grad, gradients];
}

describe('recurrent layers against Python', () => {
  for (const [name, choices] of LAYERS) {
    for (const call of CALLS) {
      it(`${name}, ${call}: ${2 * choices.length} cases`, async function () {
        this.timeout(120_000);
        for (const dtype of [torch.float32, torch.float64]) {
          const cases = choices.map(
            (options) =>
              `run(nn.${name}, dict(${keywords(options).slice(2)}), '${call}', ${dtype}, `,
          );
          const source = `${PROGRAM}
out = []
for case in range(${cases.length}):
    torch.manual_seed(0)
    train = case % 2 == 0
    out.append([${cases.map((text) => `lambda: ${text}train)`).join(', ')}][case]())`;
          await expectSample({ source, outputs: ['out'] }, () => [
            choices.map((options, index) => run(name, options, call, dtype, index % 2 === 0)),
          ]);
        }
      });
    }
  }

  it('apply dropout between layers in training only', () =>
    expectSample(
      {
        source: `
m = nn.LSTM(4, 5, 3, dropout=0.4); x = torch.randn(6, 2, 4)
ys = [m(x)[0], m(x)[0], m.eval()(x)[0], m(x)[0]]`,
        outputs: ['ys', 'repr(m)'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = new nn.LSTM(4, 5, 3, { dropout: 0.4 });
        const x = torch.randn(6, 2, 4);
        const ys = [m(x)[0], m(x)[0], m.eval()(x)[0], m(x)[0]];
        return [ys, String(m)];
      },
    ));

  it('warn, convert, and take weights that are assigned', () =>
    expectSample(
      {
        source: `
m = nn.GRU(2, 3, dropout=0.5).double()
m.weight_ih_l0 = nn.Parameter(torch.full((9, 2), 0.25, dtype=torch.double))
y, h = m(torch.ones(4, 1, 2, dtype=torch.double))
state = nn.GRU(2, 3, dtype=torch.double); loaded = state.load_state_dict(m.state_dict())`,
        outputs: [
          'y',
          'h',
          'repr(m)',
          'str(loaded)',
          '[p.shape == q.shape for p, q in zip(m.all_weights[0], state.all_weights[0])]',
        ],
        seed: 1,
      },
      () => {
        torch.manual_seed(1);
        const m = new nn.GRU(2, 3, { dropout: 0.5 }).double();
        (m as unknown as Record<string, unknown>)['weight_ih_l0'] = new nn.Parameter(
          torch.full([9, 2], 0.25, { dtype: torch.double }),
        );
        const [y, h] = m(torch.ones(4, 1, 2, { dtype: torch.double }));
        const state = new nn.GRU(2, 3, { dtype: torch.double });
        const loaded = state.load_state_dict(m.state_dict());
        const isSame = m.all_weights[0]!.map(
          (p, index) => String(p.shape) === String(state.all_weights[0]![index]!.shape),
        );
        return [y, h, String(m), String(loaded), isSame];
      },
    ));

  it('refuse what Python refuses', () =>
    expectSample(
      {
        source: `${TEXT_OF}
x = torch.ones(5, 3, 4)
rnn, lstm, gru = nn.RNN(4, 6), nn.LSTM(4, 6, proj_size=2), nn.GRU(4, 6, batch_first=True)
pack = lambda x: nn.utils.rnn.pack_padded_sequence(x, [5, 2, 1])
texts = [text_of(f) for f in [
  lambda: nn.LSTM(0, 3), lambda: nn.LSTM(3, -1), lambda: nn.LSTM(3, 4, 0), lambda: nn.LSTM(3, 4, proj_size=-1),
  lambda: nn.LSTM(3, 4, proj_size=4), lambda: nn.GRU(3, 4, dropout=1.5), lambda: nn.GRU(3, 4, proj_size=2),
  lambda: nn.RNN(3, 4, nonlinearity='gelu'), lambda: nn.RNNBase('MGU', 3, 4),
  lambda: rnn(torch.ones(4)), lambda: gru(torch.ones(1, 2, 3, 4)), lambda: lstm(torch.ones(1)),
  lambda: rnn(x.double()), lambda: rnn(torch.ones(5, 3, 3)), lambda: rnn(x, torch.ones(1, 2, 6)),
  lambda: rnn(x, torch.ones(1, 6)), lambda: gru(x[0], torch.ones(1, 1, 6)),
  lambda: lstm(x, (torch.ones(1, 3, 6), torch.ones(1, 3, 6))), lambda: lstm(x, (torch.ones(1, 3, 2), torch.ones(2, 3, 6))),
  lambda: lstm(x, (torch.ones(3, 2), torch.ones(1, 3, 6))), lambda: lstm(x[0], (torch.ones(1, 3, 2), torch.ones(1, 6))),
  lambda: rnn(pack(x[..., :3])), lambda: rnn(pack(x), torch.ones(1, 2, 6)), lambda: lstm(pack(x), (torch.ones(1, 2, 2), torch.ones(1, 3, 6)))]]`,
        outputs: ['texts'],
      },
      () => {
        const ones = (...shape: number[]): Tensor => torch.ones(shape);
        const x = ones(5, 3, 4);
        const rnn = new nn.RNN(4, 6);
        const lstm = new nn.LSTM(4, 6, { proj_size: 2 });
        const gru = new nn.GRU(4, 6, { batch_first: true });
        const pack = (data: Tensor) => nn.utils.rnn.pack_padded_sequence(data, [5, 2, 1]);
        const GRU = nn.GRU as unknown as new (...args: unknown[]) => nn.GRU;
        const cases = [
          () => new nn.LSTM(0, 3),
          () => new nn.LSTM(3, -1),
          () => new nn.LSTM(3, 4, 0),
          () => new nn.LSTM(3, 4, { proj_size: -1 }),
          () => new nn.LSTM(3, 4, { proj_size: 4 }),
          () => new nn.GRU(3, 4, { dropout: 1.5 }),
          () => new GRU(3, 4, { proj_size: 2 }),
          () => new nn.RNN(3, 4, { nonlinearity: 'gelu' as never }),
          () => new nn.RNNBase('MGU' as never, 3, 4),
          () => rnn(ones(4)),
          () => gru(ones(1, 2, 3, 4)),
          () => lstm(ones(1)),
          () => rnn(x.double()),
          () => rnn(ones(5, 3, 3)),
          () => rnn(x, ones(1, 2, 6)),
          () => rnn(x, ones(1, 6)),
          () => gru(x.select(0, 0), ones(1, 1, 6)),
          () => lstm(x, [ones(1, 3, 6), ones(1, 3, 6)]),
          () => lstm(x, [ones(1, 3, 2), ones(2, 3, 6)]),
          () => lstm(x, [ones(3, 2), ones(1, 3, 6)]),
          () => lstm(x.select(0, 0), [ones(1, 3, 2), ones(1, 6)]),
          () => rnn(pack(x.narrow(2, 0, 3))),
          () => rnn(pack(x), ones(1, 2, 6)),
          () => lstm(pack(x), [ones(1, 2, 2), ones(1, 3, 6)]),
        ];
        return [cases.map((run) => textOf(run))];
      },
    ));

  it('refuse arguments of other types', () => {
    const lstm = new nn.LSTM(2, 3) as unknown as (...args: unknown[]) => unknown;
    const x = torch.ones(1, 1, 2);
    expect(() => lstm(x, x)).to.throw(TypeError, "'hx' must be an array of two Tensors or null");
    expect(() => lstm(3)).to.throw(TypeError, "'input' must be a Tensor or a PackedSequence");
    expect(() => lstm(x, { h: x })).to.throw(TypeError, "unexpected keyword argument 'h'");
  });

  it('are called by name, copied, and typed by their input', () => {
    const lstm = new nn.LSTM(2, 3);
    const x = torch.ones(4, 1, 2);
    const state: Pair = [torch.ones(1, 1, 3), torch.zeros(1, 1, 3)];
    const [output, [h]] = lstm(x, { hx: state });
    expect(output.index(-1).tolist()).to.deep.equal(h.index(0).tolist());
    expect(torch.deepcopy(lstm)(x, state)[0].tolist()).to.deep.equal(output.tolist());
  });
});

describe('recurrent cells against Python', () => {
  const CELLS = {
    RNNCell: combinations({ bias: [true, false], nonlinearity: ['tanh', 'relu'] }),
    LSTMCell: combinations({ bias: [true, false] }),
    GRUCell: combinations({ bias: [true, false] }),
  };
  for (const [name, choices] of Object.entries(CELLS)) {
    for (const options of choices) {
      it(`${name}${keywords(options)}`, () =>
        expectSample(
          {
            source: `
m = nn.${name}(4, 3${keywords(options)}); out = []
for shape, state in [((2, 4), None), ((4,), None), ((2, 4), (2, 3)), ((4,), (3,))]:
    x = torch.randn(shape, requires_grad=True)
    hx = None if state is None else torch.randn(state, requires_grad=True)
    hx = (hx, torch.randn(state)) if '${name}' == 'LSTMCell' and hx is not None else hx
    y = m(x, hx)
    (y[0] * y[1] if isinstance(y, tuple) else y * y).sum().backward()
    out.append([y, x.grad])`,
            outputs: ['out', '[p.grad for p in m.parameters()]', 'repr(m)', 'list(m.state_dict())'],
            seed: 0,
          },
          () => {
            torch.manual_seed(0);
            const Class = nn[name as 'LSTMCell'];
            const m = new Class(4, 3, options);
            const out = (
              [
                [[2, 4], null],
                [[4], null],
                [
                  [2, 4],
                  [2, 3],
                ],
                [[4], [3]],
              ] as const
            ).map(([shape, state]) => {
              const x = torch.randn(shape, { requires_grad: true });
              const h = state && torch.randn(state, { requires_grad: true });
              const hx = h && (name === 'LSTMCell' ? [h, torch.randn(state)] : h);
              const y = m(x, hx as never) as unknown as Tensor | Pair;
              (Array.isArray(y) ? y[0].mul(y[1]) : (y as Tensor).mul(y as Tensor)).sum().backward();
              return [y, x.grad];
            });
            const gradients = [...m.parameters()].map(({ grad }) => grad);
            return [out, gradients, String(m), [...m.state_dict().keys()]];
          },
        ));
    }
  }

  it('refuse what Python refuses', () =>
    expectSample(
      {
        source: `${TEXT_OF}
m = nn.RNNCell(2, 3); m.nonlinearity = 'gelu'
texts = [text_of(f) for f in [lambda: nn.LSTMCell(2, 3)(torch.ones(1, 1, 2)),
  lambda: nn.LSTMCell(2, 3)(torch.ones(2), (torch.ones(3), torch.ones(1, 1, 3))),
  lambda: nn.GRUCell(2, 3)(torch.ones(2), torch.ones(1, 1, 3)), lambda: m(torch.ones(2))]]`,
        outputs: ['texts'],
      },
      () => {
        const m = new nn.RNNCell(2, 3);
        m.nonlinearity = 'gelu' as never;
        const cases = [
          () => new nn.LSTMCell(2, 3)(torch.ones(1, 1, 2)),
          () => new nn.LSTMCell(2, 3)(torch.ones(2), [torch.ones(3), torch.ones(1, 1, 3)]),
          () => new nn.GRUCell(2, 3)(torch.ones(2), torch.ones(1, 1, 3)),
          () => m(torch.ones(2)),
        ];
        return [cases.map((run) => textOf(run))];
      },
    ));
});
