/** Files of numpy: numpy_files.py wrote those in test/fixtures/numpy. npz.test.ts has malformed archives. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';

import { askPython } from '../parity/parity';
import { Random } from '../support/data';
import { temporaryFolder } from '../support/folder';

const { numpy } = torch.utils;
const FIXTURES = path.join(__dirname, '..', '..', 'test', 'fixtures', 'numpy');
const fixture = (name: string): string => path.join(FIXTURES, name);
const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.npy'));

/** What numpy_files.py saved, by the names of the files. */
const counting = (dtype: torch.DType): Tensor =>
  torch
    .tensor([
      [0, 1, 0],
      [1, 1, 1],
    ])
    .to(dtype);
const ARRAYS: Record<string, () => Tensor> = {
  ...Object.fromEntries(
    [
      ...['bool', 'uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64'],
      ...['float16', 'float32', 'float64', 'complex64', 'complex128'],
    ].map((name) => [name, () => counting(torch[name as 'bool'])]),
  ),
  fortran: () => torch.arange(24).reshape(2, 3, 4),
  version2: () => torch.arange(4, { dtype: torch.int16 }),
  version3: () => torch.arange(4, { dtype: torch.int16 }),
  scalar: () => torch.tensor(2.5, { dtype: torch.float64 }),
  empty: () => torch.zeros(0, 3, { dtype: torch.float64 }),
};

describe('torch.utils.numpy', () => {
  const file = temporaryFolder();

  for (const [name, array] of Object.entries(ARRAYS)) {
    it(`reads, maps and writes numpy’s ${name}`, () => {
      for (const options of [{}, { mmap_mode: 'r' }] as const) {
        expect(numpy.load(fixture(`${name}.npy`), options)).to.deep.equal(array());
      }
      expect(numpy.load(readFileSync(fixture(`${name}.npy`)))).to.deep.equal(array());
      if (name.startsWith('version')) return;
      const loaded = numpy.load(fixture(`${name}.npy`)) as Tensor;
      numpy.save(file(name), loaded);
      expect(readFileSync(file(`${name}.npy`))).to.deep.equal(readFileSync(fixture(`${name}.npy`)));
    });
  }

  it('keeps the order of Fortran in memory', () => {
    expect((numpy.load(fixture('fortran.npy')) as Tensor).stride()).to.deep.equal([1, 2, 6]);
  });

  it('writes strided tensors and those of a graph', () => {
    const x = torch.arange(10, { dtype: torch.float32 }).requires_grad_().mul(2);
    numpy.save(file('strided.npy'), x.index(torch.slice(1, 9, 3)));
    expect((numpy.load(file('strided.npy')) as Tensor).tolist()).to.deep.equal([2, 8, 14]);
  });

  it('reads and writes archives, whose arrays are read when they are asked for', () => {
    const [x, y] = [torch.ones(2), torch.zeros(3, { dtype: torch.int64 })];
    numpy.savez(file('made'), x, { y });
    for (const name of [file('made.npz'), fixture('stored.npz'), fixture('compressed.npz')]) {
      using archive = numpy.load(name) as InstanceType<typeof numpy.NpzFile>;
      expect(archive.files.sort()).to.deep.equal(['arr_0', 'y']);
      expect(archive.has('y') && !archive.has('z')).to.equal(true);
      expect(new Map(archive)).to.deep.equal(
        new Map(archive.keys().map((key) => [key, key === 'y' ? y : x])),
      );
      expect(() => archive.get('z')).to.throw(torch.TorchError, '"z" is not a file in the archive');
      archive.close();
      expect(() => archive.get('y')).to.throw(RangeError, 'the file is closed');
    }
  });

  it('writes compressed archives that Python’s zipfile reads', async () => {
    // More than one part of the writer.
    const x = torch.arange(400_000, { dtype: torch.int64 });
    numpy.savez(file('plain'), { x, empty: torch.ones(0) });
    numpy.savez_compressed(file('small'), { x, empty: torch.ones(0) });
    const [same, isSmall, problem] = await askPython(
      `import zipfile
plain, small = (zipfile.ZipFile(f'${file('.')}/{n}.npz') for n in ('plain', 'small'))
names = plain.namelist()`,
      [
        'names == small.namelist() and all(plain.read(n) == small.read(n) for n in names)',
        'all(i.compress_type == zipfile.ZIP_DEFLATED for i in small.infolist()) and ' +
          "small.getinfo('x.npy').compress_size < 0.5 * plain.getinfo('x.npy').compress_size",
        'small.testzip()',
      ],
    );
    expect([same, isSmall, problem]).to.deep.equal([true, true, null]);
    using archive = numpy.load(file('small.npz')) as InstanceType<typeof numpy.NpzFile>;
    expect(archive.get('x')).to.deep.equal(x);
    expect(() => numpy.savez_compressed(file('b'), { x: 1 } as never)).to.throw(
      TypeError,
      /savez_compressed\(\): "x" must be a Tensor/,
    );
  });

  it('does not change a mapped file', () => {
    numpy.save(file('kept'), torch.zeros(3));
    (numpy.load(file('kept.npy'), 'c') as Tensor).fill_(1);
    expect((numpy.load(file('kept.npy')) as Tensor).tolist()).to.deep.equal([0, 0, 0]);
  });

  it('refuses by its name what torch has not', () => {
    const MESSAGES: Record<string, RegExp> = {
      objects: /is of Python objects: a pickle/,
      structure: /is of structures \[\('a', '<f4'\), \('b', '<i4'\)\]/,
      big_endian: /is big-endian \(>f4\)/,
      text: /is of type <U3/,
      date: /is of type <M8\[Y\]/,
      long_double: /is of type <f16/,
    };
    for (const [name, message] of Object.entries(MESSAGES)) {
      expect(() => numpy.load(fixture(`refused_${name}.npy`)), name).to.throw(RangeError, message);
    }
    expect(names.length).to.equal(Object.keys(ARRAYS).length + Object.keys(MESSAGES).length);
  });

  it('refuses other arguments', () => {
    const x = torch.ones(1);
    expect(() => numpy.load(file('none.npy'))).to.throw(/ENOENT/);
    expect(() => numpy.load(1 as never)).to.throw(TypeError, /'file' must be a path/);
    expect(() => numpy.load(fixture('bool.npy'), 'r+' as never)).to.throw(TypeError, /'mmap_mode'/);
    expect(() => numpy.load(readFileSync(fixture('bool.npy')), 'r')).to.throw(RangeError, 'mapped');
    expect(() => numpy.save(file('b'), x.bfloat16())).to.throw(
      TypeError,
      'numpy has no torch.bfloat16',
    );
    expect(() => numpy.save(file('b'), [1] as never)).to.throw(TypeError, /'arr' must be a Tensor/);
    expect(() => numpy.savez(1 as never)).to.throw(TypeError, /'file'/);
    expect(() => numpy.savez(file('b'), { x: 1 } as never)).to.throw(
      TypeError,
      /"x" must be a Tensor/,
    );
    expect(() => numpy.savez(file('b'), x, { arr_0: x })).to.throw(RangeError, 'keyword arr_0');
    mkdirSync(file('folder'), { recursive: true });
    expect(() => numpy.load(file('folder'))).to.throw(RangeError, 'is not a regular file');
  });

  it('reads any damaged file, or refuses it with a RangeError', () => {
    const random = new Random(6);
    for (const name of ['fortran.npy', 'version3.npy', 'stored.npz']) {
      const whole = readFileSync(fixture(name));
      for (let i = 0; i < 200; i++) {
        const bytes = Buffer.from(
          whole.subarray(0, random.pick([whole.length, random.integer(0, whole.length)])),
        );
        for (let j = 0; j < random.integer(1, 5) && bytes.length; j++) {
          bytes[random.integer(0, Math.min(bytes.length, 160))] = random.integer(0, 256);
        }
        writeFileSync(file('damaged'), bytes);
        for (const options of [{}, { mmap_mode: 'r' }] as const) {
          try {
            const loaded = numpy.load(file('damaged'), options);
            if (!(loaded instanceof torch.Tensor)) for (const [, array] of loaded) array.sum();
          } catch (error) {
            expect(error, bytes.toString('base64')).to.be.instanceOf(RangeError);
          }
        }
      }
    }
  });
});
