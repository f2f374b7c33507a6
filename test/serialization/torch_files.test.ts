/**
 * Files of torch.save, exchanged with Python in both directions: what Python wrote is read here, written again, and compared
 * by Python with what it wrote.
 */
import { readFileSync } from 'node:fs';

import { expect } from 'chai';
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { LOAD as JIT_LOAD, SAVE as JIT_SAVE } from '../../dist/jit/load';
import { LOAD } from '../../dist/serialization/load';
import { SAVE } from '../../dist/serialization/save';
import { repr } from '../../dist/utils/python';
import { askPython } from '../parity/parity';
import { temporaryFolder } from '../support/folder';

const SAME = `
import collections, torch
def same(a, b, where=''):
    if type(a) is not type(b): return f'{where}: {type(a).__name__} is {type(b).__name__}'
    if isinstance(a, torch.Tensor):
        if a.layout is not torch.strided:
            coalesced = lambda t: t.layout is torch.sparse_coo and t.is_coalesced()
            return None if a.layout is b.layout and coalesced(a) == coalesced(b) and torch.equal(a.to_dense(), b.to_dense()) else where
        of = lambda t: (t.dtype, t.shape, t.stride(), t.requires_grad, t.device)
        if of(a) != of(b): return f'{where}: {of(a)} is {of(b)}'
        if a.is_meta: return None
        bits = lambda t: t.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format).reshape(-1).view(torch.uint8)
        return None if torch.equal(bits(a), bits(b)) else f'{where}: other elements'
    if isinstance(a, dict):
        if list(a) != list(b): return f'{where}: keys {list(a)} are {list(b)}'
        if getattr(a, '_metadata', None) != getattr(b, '_metadata', None): return f'{where}: other metadata'
        return next(filter(None, (same(a[k], b[k], f'{where}[{k!r}]') for k in a)), None)
    if isinstance(a, (list, tuple)):
        if len(a) != len(b): return where
        return next(filter(None, (same(x, y, f'{where}[{i}]') for i, (x, y) in enumerate(zip(a, b)))), None)
    return None if a == b or (a != a and b != b) else f'{where}: {a!r} is {b!r}'
`;

/** Python's expressions whose values come back the same, of the same types. */
const VALUES: Record<string, string> = {
  'each dtype': `{str(d): torch.tensor([[0, 1, 0], [1, 1, 1]]).to(d) for d in (torch.bool, torch.uint8, torch.int8,
    torch.int16, torch.int32, torch.int64, torch.uint16, torch.uint32, torch.uint64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64, torch.complex128, torch.float8_e4m3fn, torch.float8_e5m2,
    torch.float8_e4m3fnuz, torch.float8_e5m2fnuz, torch.float8_e8m0fnu)}`,
  'shapes and strides': `[torch.randn(2, 3).t(), torch.zeros(0, 3), torch.tensor(2.5), torch.ones(1).expand(4),
    torch.randn(1, 2, 3, 4).to(memory_format=torch.channels_last), torch.arange(10)[2:9:3]]`,
  'gradients and parameters': `[torch.ones(2, requires_grad=True), torch.nn.Parameter(torch.ones(2)),
    torch.nn.Parameter(torch.ones(2), requires_grad=False), torch.ones(2, requires_grad=True) * 2]`,
  'special floats': `torch.tensor([float('nan'), float('inf'), -0.0, 1e-45])`,
  'conjugates and negatives':
    '[torch.tensor([1 + 2j, 3 + 1j]).conj(), torch._neg_view(torch.ones(2))]',
  'sparse tensors': `[torch.eye(3).to_sparse(), torch.eye(3).to_sparse_csr(), torch.eye(4).to_sparse_bsc((2, 2)),
    torch.sparse_coo_tensor([[0, 0]], [1., 2.], (2,))]`,
  'a tensor without data': `[torch.empty(2, 3, device='meta'), torch.empty(3, device='meta', requires_grad=True)]`,
  numbers: `[0, 255, 256, 65535, 65536, -1, 2**31 - 1, -2**31, 2**53, -2**63, 2**64, 2**2000, 0.5, -1e300, float('nan'), True,
    False, None, 1 + 2j, -0.0]`,
  'texts and bytes': `['', 'ascii', 'ünïcode 𝄞', "'\\n", b'a', b'\\x00\\xff', 'x' * 300]`,
  containers: `[(), (1,), (1, 2), (1, 2, 3), (1, [2, (3, {'a': ({},)})]), [], {}, {1, 'a'}, set(),
    collections.OrderedDict(), collections.OrderedDict(b=1, a=2)]`,
  'keys of dictionaries': `[{'b': 1, 'a': 2}, {0: 'a', 1: 'b'}, collections.OrderedDict([(1, 2), ('1', 3), (0.5, 4), (None, 5)])]`,
  'dtypes, layouts and devices': `[torch.float16, torch.uint32, torch.sparse_coo, torch.device('cpu'), torch.device('cuda', 1)]`,
  'a state dict':
    'torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).state_dict()',
  'a list that is met twice': `(lambda x: [x, x, {'x': x}])([1, 2])`,
};

describe('parity: torch.save and torch.load', () => {
  const file = temporaryFolder();

  for (const [what, expression] of Object.entries(VALUES)) {
    it(`exchange ${what} with Python`, async () => {
      const [ours, theirs] = [file('ours.pt'), file('theirs.pt')];
      await askPython(
        `import collections\nvalue = ${expression}\ntorch.save(value, '${theirs}')`,
        [],
      );
      for (const options of [{}, { mmap: true }]) {
        torch.save(torch.load(theirs, options), ours);
        const source = `${SAME}
loaded, mapped = torch.load('${ours}'), torch.load('${ours}', mmap=True)
before = torch.load('${theirs}')
found = [same(before, loaded), same(before, mapped)]`;
        expect((await askPython(source, ['found']))[0]).to.deep.equal([null, null]);
      }
    });
  }

  it('give JavaScript what Python has', async () => {
    await askPython(
      `import collections
torch.save({'tuple': (1, 2), 'size': torch.Size([2, 3]), 'list': [1.5], 'dict': {'a': None}, 'ints': {0: 'a', 2: 'b'},
  'unordered': {2: 'a', 0: 'b'}, 'index': {'0': 1}, 'proto': {'__proto__': 1}, 'ordered': collections.OrderedDict(a=1),
  'counter': collections.Counter('aab'), 'bytes': b'\\xff', 'array': bytearray(b'ab'), 'set': {1}, 'complex': 1 + 2j,
  'big': 2**60, 'dtype': torch.float32, 'parameter': torch.nn.Parameter(torch.ones(1))}, '${file('a.pt')}')`,
      [],
    );
    const { parameter, ...values } = torch.load<Record<string, unknown>>(file('a.pt'));
    expect(parameter).to.be.instanceOf(nn.Parameter);
    expect(values).to.deep.equal({
      tuple: [1, 2],
      size: [2, 3],
      list: [1.5],
      dict: { a: null },
      ints: { 0: 'a', 2: 'b' },
      unordered: new Map([
        [2, 'a'],
        [0, 'b'],
      ]),
      index: new Map([['0', 1]]),
      proto: new Map([['__proto__', 1]]),
      ordered: new Map([['a', 1]]),
      counter: new Map([
        ['a', 2],
        ['b', 1],
      ]),
      bytes: Uint8Array.of(255),
      array: Uint8Array.of(97, 98),
      set: new Set([1]),
      complex: { re: 1, im: 2 },
      big: 2n ** 60n,
      dtype: torch.float32,
    });
    expect(Object.isFrozen(values['tuple'])).to.equal(true);
  });

  for (const protocol of [2, 3, 4, 5]) {
    it(`read pickles of protocol ${protocol}`, async () => {
      const value = `{'x': torch.arange(3.), 'text': 'a' * 300, 'bytes': b'b' * 300, 'set': {1, 2}, 'int': 2**40, 't': (1,) * 5}`;
      await askPython(`torch.save(${value}, '${file('p.pt')}', pickle_protocol=${protocol})`, []);
      const loaded = torch.load<Record<string, never>>(file('p.pt'));
      expect(loaded['x']).to.deep.equal(torch.arange(3, { dtype: torch.float32 }));
      expect(loaded['text']).to.equal('a'.repeat(300));
      expect(loaded['bytes']).to.deep.equal(new Uint8Array(300).fill(98));
      expect(loaded['set']).to.deep.equal(new Set([1, 2]));
      expect(loaded['int']).to.equal(2 ** 40);
      expect(loaded['t']).to.deep.equal([1, 1, 1, 1, 1]);
    });
  }

  it('keep tensors on one memory, and save no more of it than they use', async () => {
    await askPython(
      `base = torch.zeros(1000)
torch.save([base[10:20], base[15:25], base[12:22:3], base[900:]], '${file('shared.pt')}')`,
      [],
    );
    for (const options of [{}, { mmap: true }]) {
      const [a, b, c] = torch.load<Tensor[]>(file('shared.pt'), options) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      a.fill_(1);
      expect(b.tolist()).to.deep.equal([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
      expect(c.tolist()).to.deep.equal([1, 1, 1, 0]);
      torch.save([a, b, c], file('again.pt'));
      const source = `a, b, c = torch.load('${file('again.pt')}')
a.fill_(2)
found = [b.tolist(), c.tolist(), a.untyped_storage().nbytes()]`;
      expect((await askPython(source, ['found']))[0]).to.deep.equal([
        [2, 2, 2, 2, 2, 0, 0, 0, 0, 0],
        [2, 2, 2, 0],
        60,
      ]);
    }
  });

  it('give tensors of their own: a change of one does not count as one of another', () => {
    torch.save([torch.ones(2), torch.ones(2)], file('two.pt'));
    const [x, y] = torch.load<Tensor[]>(file('two.pt'), { mmap: true }) as [Tensor, Tensor];
    x.requires_grad_();
    const product = x.mul(x);
    y.add_(1);
    product.sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([2, 2]);
  });

  it('leave the file as it is when a mapped tensor is written to', () => {
    torch.save(torch.zeros(3), file('kept.pt'));
    torch.load<Tensor>(file('kept.pt'), { mmap: true }).fill_(7);
    expect(torch.load<Tensor>(file('kept.pt')).tolist()).to.deep.equal([0, 0, 0]);
  });

  it('read a file from memory, and one without checksums', async () => {
    await askPython(
      `torch.serialization.set_crc32_options(False)
torch.save(torch.arange(4), '${file('plain.pt')}')
torch.serialization.set_crc32_options(True)`,
      [],
    );
    expect(torch.load(readFileSync(file('plain.pt')))).to.deep.equal(torch.arange(4));
    expect(torch.load(new Uint8Array(readFileSync(file('plain.pt'))))).to.deep.equal(
      torch.arange(4),
    );
  });

  it('continue a run of Python, and Python continues ours', async () => {
    const train = `
def train(model, optimizer, steps):
    for i in range(steps):
        optimizer.zero_grad()
        (model(torch.ones(2, 3) * i) ** 2).mean().backward()
        optimizer.step()
def made():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    return model, torch.optim.AdamW(model.parameters(), lr=0.1, amsgrad=True)
model, optimizer = made()
train(model, optimizer, 3)
torch.save({'model': model.state_dict(), 'optimizer': optimizer.state_dict(), 'step': 3}, '${file('run.pt')}')`;
    await askPython(train, []);
    const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 1));
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
    const saved = torch.load<{ model: Map<string, Tensor>; optimizer: never; step: number }>(
      file('run.pt'),
    );
    model.load_state_dict(saved.model);
    optimizer.load_state_dict(saved.optimizer);
    for (let i = 0; i < 3; i++) {
      optimizer.zero_grad();
      (model(torch.ones(2, 3).mul(i)) as Tensor).pow(2).mean().backward();
      optimizer.step();
    }
    torch.save({ model: model.state_dict(), optimizer: optimizer.state_dict() }, file('run2.pt'));
    const source = `${train}
whole, other = made()
train(whole, other, 3)
train(whole, other, 3)
resumed, third = made()
state = torch.load('${file('run2.pt')}')
resumed.load_state_dict(state['model'])
third.load_state_dict(state['optimizer'])
equal = [all(torch.equal(a, b) for a, b in zip(whole.parameters(), resumed.parameters()))]
train(whole, other, 2)
train(resumed, third, 2)
equal += [all(torch.equal(a, b) for a, b in zip(whole.parameters(), resumed.parameters()))]`;
    expect((await askPython(source, ['equal']))[0]).to.deep.equal([true, true]);
  });
});

describe('parity: the parameters of torch.load, torch.save and torch.jit', () => {
  for (const [name, signature] of [
    ['torch.load', LOAD],
    ['torch.save', SAVE],
    ['torch.jit.load', JIT_LOAD],
    ['torch.jit.save', JIT_SAVE],
  ] as const) {
    it(`${name} has Python’s names, order and defaults`, async () => {
      const [found] = (await askPython('import inspect', [
        `[[p.name, str(p.default)] for p in inspect.signature(${name}).parameters.values()]`,
      ])) as [[string, string][]];
      const ours = signature.description.map((parameter) => [
        parameter.name,
        parameter.required ? "<class 'inspect._empty'>" : repr(parameter.default),
      ]);
      const names = ours.map(([parameter]) => parameter);
      expect(ours).to.deep.equal(found.filter(([parameter]) => names.includes(parameter)));
    });
  }
});

describe('torch.load', () => {
  const file = temporaryFolder();

  it('refuses by its name what Python refuses', async () => {
    const CASES: Record<string, RegExp> = {
      'nn.Linear(1, 1)':
        /Unsupported global: GLOBAL torch\.nn\.modules\.linear\.Linear was not an allowed global by default/,
      '[__import__("decimal").Decimal(1)]': /Unsupported global: GLOBAL decimal\.Decimal was not/,
      print: /Unsupported global: GLOBAL print was not an allowed global/,
      'Evil()': /Trying to load unsupported GLOBAL posix\.system whose module posix is blocked/,
      'slice(1)': /Unsupported global: GLOBAL slice was not/,
      'torch.ones(2).storage()': /contains a storage itself/,
      'torch.Size': /contains torch\.Size itself/,
    };
    const prelude = `
class Evil:
    def __reduce__(self): return (__import__('os').system, ('true',))
`;
    for (const [expression, message] of Object.entries(CASES)) {
      await askPython(`${prelude}torch.save(${expression}, '${file('bad.pt')}')`, []);
      expect(() => torch.load(file('bad.pt')), expression)
        .to.throw(torch.TorchError, message)
        .with.property('pythonType', 'UnpicklingError');
    }
  });

  it('says what a file of another kind is', async () => {
    await askPython(
      `import pickle
torch.save(torch.ones(1), '${file('legacy')}', _use_new_zipfile_serialization=False)
torch.jit.script(nn.Linear(1, 1)).save('${file('script')}')
with open('${file('pickle')}', 'wb') as f: pickle.dump([1], f)`,
      [],
    );
    torch.safetensors.save_file({ a: torch.ones(1) }, file('safe'));
    torch.utils.numpy.save(file('array.npy'), torch.ones(1));
    torch.utils.numpy.savez(file('arrays.npz'), torch.ones(1));
    torch.save(1, file('saved'));
    const CASES: [name: string, message: RegExp][] = [
      ['legacy', /is in the legacy format of torch\.save/],
      ['script', /Cannot use ``weights_only=True`` with TorchScript archives.*torch\.jit\.load/],
      ['pickle', /is a pickle that is no file of torch\.save/],
      ['safe', /is a safetensors file: use torch\.safetensors\.load_file/],
      ['array.npy', /is a numpy array: use torch\.utils\.numpy\.load/],
      ['arrays.npz', /is an archive of numpy arrays: use torch\.utils\.numpy\.load/],
    ];
    for (const [name, message] of CASES) {
      expect(() => torch.load(file(name)), name).to.throw(torch.TorchError, message);
    }
    for (const [name, message] of [
      ['saved', /is a file of torch\.save: use torch\.load/],
      ['script', /is a TorchScript file: use torch\.jit\.load/],
      ['array.npy', /is a numpy array/],
    ] as const) {
      expect(() => torch.safetensors.load_file(file(name)), name).to.throw(RangeError, message);
    }
    expect(() => torch.jit.load(file('saved'))).to.throw(RangeError, /use torch\.load/);
    expect(() => torch.utils.numpy.load(file('saved'))).to.throw(RangeError, /use torch\.load/);
    expect(() => torch.load(file('none'))).to.throw(/ENOENT/);
  });

  it('reads a safetensors file that is called one, as Python does', () => {
    torch.safetensors.save_file({ a: torch.ones(1) }, file('a.safetensors'));
    expect(torch.load(file('a.safetensors'))).to.deep.equal(new Map([['a', torch.ones(1)]]));
    expect(() => torch.load(file('a.safetensors'), { map_location: {} })).to.throw(
      /dict map_location/,
    );
  });

  it('moves tensors by map_location', async () => {
    await askPython(
      `x = torch.arange(3.)
torch.save([x, x[1:]], '${file('cpu.pt')}')
import torch.serialization as s
before = s.location_tag
s.location_tag = lambda storage: 'cuda:0'
torch.save(x, '${file('cuda.pt')}')
s.location_tag = before`,
      [],
    );
    expect(torch.load(file('cuda.pt'), 'cpu')).to.deep.equal(torch.tensor([0, 1, 2]).float());
    expect(torch.load(file('cuda.pt'), { map_location: { 'cuda:0': 'cpu' } })).to.deep.equal(
      torch.tensor([0, 1, 2]).float(),
    );
    const [moved] = torch.load<Tensor[]>(file('cpu.pt'), 'meta');
    expect(moved!.is_meta).to.equal(true);
    const seen: unknown[] = [];
    const stays = torch.load<Tensor>(file('cuda.pt'), (storage, location) => {
      seen.push([location, storage.numel(), storage.dtype]);
      return storage;
    });
    expect(stays).to.deep.equal(torch.tensor([0, 1, 2]).float());
    expect(seen).to.deep.equal([['cuda:0', 12, torch.uint8]]);
    // Both tensors have one storage.
    const away = torch.load<Tensor[]>(file('cpu.pt'), { map_location: (each) => each.to('meta') });
    expect(away.map((each) => each.is_meta)).to.deep.equal([true, true]);
    const [same, part] = torch.load<Tensor[]>(file('cpu.pt'), () => null);
    expect([same!.tolist(), part!.tolist()]).to.deep.equal([
      [0, 1, 2],
      [1, 2],
    ]);
    for (const wrong of [() => 'cpu', () => torch.ones(3), () => torch.ones(1)]) {
      expect(() => torch.load(file('cpu.pt'), wrong as never)).to.throw(
        TypeError,
        'map_location must return the storage',
      );
    }
    if (!torch.cuda.is_available()) {
      expect(() => torch.load(file('cuda.pt'))).to.throw(
        torch.TorchError,
        /Attempting to deserialize object on a CUDA device but torch\.cuda\.is_available\(\) is False/,
      );
    }
  });

  it('refuses other arguments', () => {
    torch.save(1, file('one.pt'));
    expect(() => torch.load(1 as never)).to.throw(TypeError, /'f' must be a path or a Uint8Array/);
    expect(() => torch.load(file('one.pt'), { weights_only: false as never })).to.throw(
      TypeError,
      /'weights_only' must be true/,
    );
    expect(() => torch.load(readFileSync(file('one.pt')), { mmap: true })).to.throw(
      RangeError,
      'f must be a file path in order to use the mmap argument',
    );
    expect(() => torch.load(file('one.pt'), [] as never)).to.throw(TypeError, /'map_location'/);
    expect(() => torch.load(file('one.pt'), { map: 1 } as never)).to.throw(TypeError, /mmap/);
  });
});

describe('torch.save', () => {
  const file = temporaryFolder();

  it('names the place of what cannot be saved', () => {
    const cycle: unknown[] = [];
    cycle.push(Object.freeze([cycle]));
    const frozen: unknown[] = [];
    frozen.push(frozen);
    Object.freeze(frozen);
    const CASES: [value: unknown, message: RegExp][] = [
      [{ a: [1, () => 1] }, /the object's \["a"\]\[1\] is a function/],
      [new Map([['model', new nn.Linear(1, 1)]]), /the object's \["model"\] is Linear/],
      [{ a: undefined }, /\["a"\] is undefined/],
      [[Symbol('x')], /\[0\] is a symbol/],
      [[new Date()], /\[0\] is Date/],
      [[new Float32Array(1)], /\[0\] is Float32Array/],
      ['\ud800', /half a surrogate pair/],
      [new Map([[{}, 1]]), /under a key that is an object/],
      [frozen, /a frozen array that contains itself/],
      [2n ** 3000n, /an integer of more than 255 bytes/],
    ];
    for (const [value, message] of CASES) {
      expect(() => torch.save(value, file('x.pt')), String(message)).to.throw(TypeError, message);
    }
    let deep: unknown = 1;
    for (let i = 0; i < 3000; i++) deep = [deep];
    expect(() => torch.save(deep, file('x.pt'))).to.throw(RangeError, 'deeper than 1000 levels');
    expect(() => torch.save(1, 2 as never)).to.throw(TypeError, /'f' must be a path/);
    expect(() => (torch.save as (x: unknown) => void)({})).to.throw(TypeError, /'f'/);
    expect(() => torch.save(1, '/no/such/folder/x.pt')).to.throw(/ENOENT/);
  });

  it('refuses tensors that view the same memory as different dtypes, as Python does', async () => {
    const x = torch.zeros(2);
    const message =
      'Cannot save multiple tensors or storages that view the same data as different types';
    expect(() => torch.save([x, x.view(torch.int32)], file('x.pt'))).to.throw(
      torch.TorchError,
      message,
    );
    const source = `
x = torch.zeros(2)
try: torch.save([x, x.view(torch.int32)], '${file('y.pt')}')
except RuntimeError as error: text = str(error)`;
    expect(await askPython(source, ['text'])).to.deep.equal([message]);
  });

  it('writes a list that contains itself', () => {
    const list: unknown[] = [1];
    list.push(list);
    torch.save(list, file('cycle.pt'));
    const loaded = torch.load<unknown[]>(file('cycle.pt'));
    expect(loaded[1]).to.equal(loaded);
  });

  it('writes ints and floats as Python would read them', async () => {
    torch.save(
      [1, 1.5, -0, torch.asFloat(1), 2n ** 70n, { 0: 1, a: 2 }, new Map([['0', 1]])],
      file('n.pt'),
    );
    const [text] = await askPython('', [`repr(torch.load('${file('n.pt')}'))`]);
    expect(text).to.equal(
      "[1, 1.5, -0.0, 1.0, 1180591620717411303424, {0: 1, 'a': 2}, OrderedDict([('0', 1)])]",
    );
  });

  it('writes zip archives that other programs can check', async () => {
    torch.save({ x: torch.arange(1000), y: torch.ones(3, { dtype: torch.uint16 }) }, file('z.pt'));
    const source = `
import zipfile
archive = zipfile.ZipFile('${file('z.pt')}')
bad = archive.testzip()
aligned = [i.header_offset for i in archive.infolist()] != []`;
    expect(await askPython(source, ['bad', 'aligned'])).to.deep.equal([null, true]);
  });
});
