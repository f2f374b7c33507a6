/** Arrays that numpy saved, and malformed archives. np.savez and np.savez_compressed made the fixtures. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';

import { expect } from 'chai';
import torch from 'torch-losses';

import { readNpz } from '../../dist/serialization/npz';
import { Random } from '../support/data';

const FIXTURES = path.join(__dirname, '..', '..', 'test', 'fixtures');
let folder: string;
before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
});
after(() => rmSync(folder, { recursive: true }));

function written(bytes: Uint8Array): string {
  const name = path.join(folder, 'made.npz');
  writeFileSync(name, bytes);
  return name;
}

/** Returns the bytes of a .npy file. */
function npy(header: string, data: number | Uint8Array = 0, version = 1): Buffer {
  const text = Buffer.from(`${header}\n`, 'latin1');
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0, 0, 0]);
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, text, typeof data === 'number' ? Buffer.alloc(data) : data]);
}
const array = (descr: string, shape: string, data: number | Uint8Array = 0): Buffer =>
  npy(`{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`, data);

interface Entry {
  name?: string;
  localName?: string;
  data: Buffer;
  method?: number;
  flags?: number;
  /** A wrong size in the directory. */
  size?: number;
  packed?: number;
  checksum?: number;
  offset?: number;
}

/** Writes a zip archive whose entries may have wrong properties. Returns its path. */
function zip(...entries: Entry[]): string {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { name = 'a.npy', data, method = 0, flags = 0 } = entry;
    const packed = method === 8 ? deflateRawSync(data) : data;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(Buffer.byteLength(entry.localName ?? name), 26);
    files.push(local, Buffer.from(entry.localName ?? name), packed);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(flags, 8);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(entry.checksum ?? crc32(data), 16);
    central.writeUInt32LE(entry.packed ?? packed.length, 20);
    central.writeUInt32LE(entry.size ?? data.length, 24);
    central.writeUInt16LE(Buffer.byteLength(name), 28);
    central.writeUInt32LE(entry.offset ?? at, 42);
    directory.push(central, Buffer.from(name));
    at += 30 + Buffer.byteLength(entry.localName ?? name) + packed.length;
  }
  const end = Buffer.alloc(22);
  const bytes = Buffer.concat(directory);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(bytes.length, 12);
  end.writeUInt32LE(at, 16);
  return written(Buffer.concat([...files, bytes, end]));
}

const ONE = array('<f4', '(1,)', 4);

describe('npz', () => {
  it('gives back what numpy saved', () => {
    const { tensors, texts } = readNpz(path.join(FIXTURES, 'stored.npz'));
    expect(tensors.get('matrix')!.tolist()).to.deep.equal([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(tensors.get('fortran')!.tolist()).to.deep.equal(tensors.get('matrix')!.tolist());
    expect(tensors.get('fortran')!.dtype).to.equal(torch.int64);
    expect(tensors.get('scalar')!.shape).to.deep.equal([]);
    expect(tensors.get('scalar')!.item()).to.equal(2.5);
    expect(tensors.get('flags')!.tolist()).to.deep.equal([true, false]);
    expect(tensors.get('empty')!.shape).to.deep.equal([0, 3]);
    expect(tensors.get('cplx')!.tolist()).to.deep.equal([{ re: 1, im: 2 }]);
    expect(tensors.get('grad.input')!.tolist()).to.deep.equal([1, 1, 1]);
    expect(texts.get('text')).to.equal('cross_entropy');
  });

  it('gives back what numpy compressed', () => {
    const { tensors, texts } = readNpz(path.join(FIXTURES, 'deflated.npz'));
    expect(tensors.get('zeros')!.shape).to.deep.equal([100, 100]);
    expect(texts.get('text')).to.equal('{"reduction": "sum"}');
  });

  const HOSTILE: Record<string, [path: () => string, message: RegExp]> = {
    'a pickle': [
      () => path.join(FIXTURES, 'pickled.npz'),
      /"objects.npy" is of Python objects: a pickle, which could run code/,
    ],
    'an empty file': [() => written(Buffer.alloc(0)), /no zip archive/],
    'what is no zip': [() => written(Buffer.alloc(300, 'x')), /no zip archive/],
    'an entry that is no .npy': [
      () => zip({ name: '../../evil.sh', data: ONE }),
      /is no .npy file/,
    ],
    'two entries of one name': [() => zip({ data: ONE }, { data: ONE }), /two entries "a.npy"/],
    'another name in the entry': [() => zip({ localName: 'b.npy', data: ONE }), /another header/],
    'a size that is too small': [() => zip({ data: ONE, size: 3 }), /is \d+ bytes, and says 3/],
    'a size that is too large': [() => zip({ data: ONE, size: 10 ** 9 }), /cannot be/],
    'more than deflate can unpack': [
      () => zip({ data: ONE, method: 8, size: 4 * 10 ** 9 }),
      /which \d+ packed ones cannot be/,
    ],
    'a bomb': [
      () => zip({ data: Buffer.alloc(10 ** 6), method: 8, size: 1000 }),
      /cannot be unpacked/,
    ],
    'a packed size beyond the file': [() => zip({ data: ONE, packed: 10 ** 6 }), /overlap/],
    'entries that overlap': [
      () =>
        zip(
          { name: 'a.npy', data: ONE },
          { name: 'a.npx', localName: 'a.npy', data: ONE, offset: 0 },
        ),
      /another header|overlap/,
    ],
    'an entry outside the file': [() => zip({ data: ONE, offset: 10 ** 6 }), /truncated/],
    'a wrong checksum': [() => zip({ data: ONE, checksum: 1 }), /its checksum is another/],
    'an encrypted entry': [() => zip({ data: ONE, flags: 1 }), /is encrypted/],
    'an unknown method': [() => zip({ data: ONE, method: 12 }), /by method 12/],
    'what deflate does not know': [
      () => {
        const bytes = readFileSync(zip({ data: ONE, method: 8 }));
        bytes.fill(0xff, 35, 40);
        return written(bytes);
      },
      /cannot be unpacked|checksum/,
    ],
    'no array': [() => zip({ data: Buffer.from('hello') }), /is no .npy file/],
    'a version of the future': [() => zip({ data: npy('{}', 0, 9) }), /of version 9/],
    'a header that is code': [
      () => zip({ data: npy("{'descr': __import__('os').system('id'), }") }),
      /a header that is not numpy's/,
    ],
    'a header beyond the file': [() => zip({ data: ONE.subarray(0, 20) }), /truncated or damaged/],
    'a shape larger than the data': [
      () => zip({ data: array('<f4', '(2,)', 4) }),
      /takes 8 bytes, and has 4/,
    ],
    'a shape beyond all memory': [
      () => zip({ data: array('<f4', '(9007199254740993, 2)', 4) }),
      /which is none/,
    ],
    '65 dimensions': [
      () => zip({ data: array('<f4', `(${'1, '.repeat(65)})`, 4) }),
      /which is none/,
    ],
    'big-endian numbers': [() => zip({ data: array('>f4', '(1,)', 4) }), /big-endian/],
    'a type that torch has not': [() => zip({ data: array('<f16', '(1,)', 16) }), /type <f16/],
    'a structure': [
      () =>
        zip({ data: npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4) }),
      /is of structures/,
    ],
    'texts by the dozen': [() => zip({ data: array('<U1', '(12,)', 48) }), /is 12 texts/],
    'a text of no characters': [
      () => zip({ data: array('<U1', '()', Uint8Array.of(0xff, 0xff, 0xff, 0x7f)) }),
      /is no text/,
    ],
    'a bool that is 2': [
      () => zip({ data: array('|b1', '(1,)', Uint8Array.of(2)) }),
      /of bools, and has a byte 2/,
    ],
  };

  for (const [what, [path, message]] of Object.entries(HOSTILE)) {
    it(`refuses ${what}`, () => {
      expect(() => readNpz(path())).to.throw(RangeError, message);
    });
  }

  it('reads any damaged file, or refuses it with a RangeError', () => {
    const random = new Random(6);
    for (const name of ['stored.npz', 'deflated.npz']) {
      const whole = readFileSync(path.join(FIXTURES, name));
      for (let i = 0; i < 200; i++) {
        const length = random.pick([whole.length, whole.length, random.integer(0, whole.length)]);
        const bytes = Buffer.from(whole.subarray(0, length));
        for (let j = 0; j < random.integer(1, 5) && bytes.length; j++) {
          bytes[random.integer(0, bytes.length)] = random.integer(0, 256);
        }
        try {
          readNpz(written(bytes));
        } catch (error) {
          expect(error, bytes.toString('base64')).to.be.instanceOf(RangeError);
        }
      }
    }
  });
});
