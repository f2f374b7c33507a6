/** Files in the safetensors format: written files can be read, and invalid ones are errors. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { expect } from 'chai';
import torch, { nn, safetensors, type Tensor } from 'torch-losses';

import { Random } from '../support/data';

let folder: string;
before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
});
after(() => rmSync(folder, { recursive: true }));

const file = (name: string): string => path.join(folder, name);

/** Makes a sparse file of this size, which takes no space on the disk. */
function sparse(size: number): string {
  const name = made({ a: F32([size / 4], [0, size]) }, 0);
  truncateSync(name, statSync(name).size + size);
  return name;
}

function pipe(): string {
  const name = file('pipe');
  execFileSync('mkfifo', [name]);
  return name;
}

function plain(bytes: Uint8Array): string {
  writeFileSync(file('made'), bytes);
  return file('made');
}

/** Makes a file with a header and data. */
function made(header: unknown, bytes: number | Uint8Array, length?: bigint): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(length ?? BigInt(text.length));
  const data = typeof bytes === 'number' ? new Uint8Array(bytes) : bytes;
  return plain(Buffer.concat([head, text, data]));
}

const F32 = (shape: unknown, data_offsets: unknown, dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets,
});

describe('safetensors', () => {
  it('gives back every dtype, shape and name', () => {
    const dtypes = [
      ...['bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'uint16', 'uint32', 'uint64'],
      ...['float16', 'bfloat16', 'float32', 'float64', 'complex64', 'float8_e4m3fn', 'float8_e5m2'],
    ] as const;
    const tensors = new Map<string, Tensor>();
    for (const name of dtypes) {
      const dtype = (torch as unknown as Record<string, typeof torch.float32>)[name]!;
      tensors.set(name, torch.arange(6).sub(1).to(dtype).reshape(2, 3));
      tensors.set(`${name}, empty`, torch.zeros(2, 0, { dtype }));
    }
    tensors.set('scalar', torch.tensor(2.5));
    tensors.set('transposed', torch.randn(3, 4).t());
    tensors.set('__proto__', torch.ones(2));
    tensors.set('ünïcode / "quoted"\n', torch.ones(1));
    safetensors.save_file(tensors, file('all'), { format: 'pt' });
    const read = safetensors.load_file(file('all'));
    expect([...read.keys()].sort()).to.deep.equal([...tensors.keys()].sort());
    for (const [name, tensor] of tensors) {
      const found = read.get(name)!;
      expect(found.dtype, name).to.equal(tensor.dtype);
      expect(found.shape, name).to.deep.equal(tensor.shape);
      expect(found.toTypedArray(), name).to.deep.equal(tensor.toTypedArray());
    }
    expect(readFileSync(file('all')).length % 8, 'what is behind the header is aligned').to.equal(
      [...tensors.values()].reduce((sum, { dtype, shape }) => {
        return sum + dtype.itemsize * shape.reduce((a, b) => a * b, 1);
      }, 0) % 8,
    );
  });

  it('keeps a module’s state', () => {
    const [saved, loaded] = [new nn.Linear(3, 2), new nn.Linear(3, 2)];
    safetensors.save_file(saved.state_dict(), file('state'));
    loaded.load_state_dict(safetensors.load_file(file('state')));
    expect(loaded.weight.tolist()).to.deep.equal(saved.weight.tolist());
  });

  const HOSTILE: Record<string, [path: () => string, message: RegExp]> = {
    'an empty file': [() => plain(Buffer.alloc(0)), /truncated/],
    'a header longer than the file': [() => made('{}', 0, 10n), /truncated/],
    'a header of 2^63 bytes': [() => made('{}', 0, 2n ** 63n), /no safetensors file/],
    'a header over the limit': [() => made('{}', 0, 100_000_001n), /no safetensors file/],
    'a header that is no JSON': [() => made('{"a":', 0), /no JSON object/],
    'a header that is an array': [() => made('[]', 0), /no JSON object/],
    'a header that is no UTF-8': [
      () => {
        const name = made('{"a": 1}', 0);
        const bytes = readFileSync(name);
        bytes[10] = 0xff;
        writeFileSync(name, bytes);
        return name;
      },
      /no JSON object/,
    ],
    'metadata of numbers': [() => made({ __metadata__: { a: 1 } }, 0), /no object of strings/],
    'an entry that is null': [() => made({ a: null }, 0), /dtype undefined/],
    'an unknown dtype': [() => made({ a: F32([1], [0, 4], 'F31') }, 4), /dtype "F31"/],
    'a dtype of the prototype': [() => made({ a: F32([1], [0, 4], 'toString') }, 4), /toString/],
    'a negative size': [() => made({ a: F32([-1], [0, 4]) }, 4), /shape \[-1\]/],
    'a size that is a text': [() => made({ a: F32(['1'], [0, 4]) }, 4), /shape/],
    'a size beyond all memory': [() => made({ a: F32([2 ** 40, 2 ** 40], [0, 4]) }, 4), /shape/],
    '65 dimensions': [() => made({ a: F32(Array(65).fill(1), [0, 4]) }, 4), /shape/],
    'a shape larger than the data': [() => made({ a: F32([2], [0, 4]) }, 4), /takes 8 bytes, and/],
    'offsets beyond the file': [() => made({ a: F32([2], [0, 8]) }, 4), /truncated or damaged/],
    'offsets backwards': [() => made({ a: F32([1], [4, 0]) }, 4), /data_offsets \[4,0\]/],
    'negative offsets': [() => made({ a: F32([1], [-4, 0]) }, 4), /data_offsets \[-4,0\]/],
    'three offsets': [() => made({ a: F32([1], [0, 4, 4]) }, 4), /data_offsets/],
    'tensors that overlap': [
      () => made({ a: F32([2], [0, 8]), b: F32([2], [4, 12]) }, 12),
      /"b" overlaps/,
    ],
    'a gap between tensors': [
      () => made({ a: F32([1], [0, 4]), b: F32([1], [8, 12]) }, 12),
      /"b" leaves a gap of 4 bytes/,
    ],
    'bytes of no tensor': [() => made({ a: F32([1], [0, 4]) }, 5), /take 4 bytes, and there are 5/],
    'a bool that is 2': [
      () => made({ a: F32([1], [0, 1], 'BOOL') }, Uint8Array.of(2)),
      /"a" is of bools, and has a byte 2/,
    ],
    'a folder': [() => folder, /is not a regular file/],
    'a tensor larger than memory': [() => sparse(2 ** 43), /cannot be mapped into memory/],
    'a pipe': [() => pipe(), /is not a regular file/],
  };

  for (const [what, [path, message]] of Object.entries(HOSTILE)) {
    it(`refuses ${what}`, () => {
      expect(() => safetensors.load_file(path())).to.throw(RangeError, message);
    });
  }

  it('reads any damaged file, or refuses it with a RangeError', () => {
    safetensors.save_file({ a: torch.randn(2, 3), b: torch.ones(4) }, file('whole'));
    const whole = readFileSync(file('whole'));
    const random = new Random(5);
    for (let i = 0; i < 400; i++) {
      const bytes = Buffer.from(
        whole.subarray(0, random.pick([whole.length, random.integer(0, whole.length)])),
      );
      for (let j = 0; j < random.integer(0, 4) && bytes.length; j++) {
        bytes[random.integer(0, Math.min(bytes.length, 140))] = random.integer(0, 256);
      }
      writeFileSync(file('damaged'), bytes);
      try {
        safetensors.load_file(file('damaged'));
      } catch (error) {
        expect(error, bytes.toString('latin1')).to.be.instanceOf(RangeError);
      }
    }
  });

  it('names what cannot be read or written', () => {
    const { load_file, save_file } = safetensors;
    expect(() => load_file(file('none'))).to.throw(/ENOENT/);
    expect(() => load_file(3 as never)).to.throw(TypeError, "argument 'filename' must be a string");
    expect(() => save_file({ a: 3 } as never, file('x'))).to.throw(
      TypeError,
      '"a" must be a Tensor',
    );
    expect(() => save_file(torch.ones(1) as never, file('x'))).to.throw(TypeError, "'tensors'");
    expect(() => save_file({ __metadata__: torch.ones(1) }, file('x'))).to.throw(TypeError);
    expect(() => save_file({ a: torch.ones(1) }, file('x'), { n: 1 } as never)).to.throw(TypeError);
    const wide = torch.zeros(1, { dtype: torch.complex128 });
    expect(() => save_file({ wide }, file('x'))).to.throw(TypeError, 'torch.complex128');
  });
});
