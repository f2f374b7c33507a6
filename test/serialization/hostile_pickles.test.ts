/** Files that no torch.save wrote: damaged ones, and pickles that ask for too much. Each is read, or is a documented error. */
import { readFileSync, writeFileSync } from 'node:fs';

import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

import { OP } from '../../dist/serialization/pickle/opcodes';
import { FileWriter } from '../../dist/serialization/writer';
import { ZipWriter } from '../../dist/serialization/zip_writer';
import { Random } from '../support/data';
import { temporaryFolder } from '../support/folder';

type Part = number | string | Uint8Array | Part[];

/** Makes bytes of opcodes, texts and bytes. */
const bytesOf = (parts: Part[]): Buffer =>
  Buffer.concat(
    parts.map((part) => {
      if (Array.isArray(part)) return bytesOf(part);
      return typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part as string);
    }),
  );
const uint32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const text = (value: string): Part[] => [OP.BINUNICODE, uint32(value.length), value];
const global = (module: string, name: string): Part[] => [OP.GLOBAL, `${module}\n${name}\n`];
const long = (value: bigint): Part[] => [
  OP.LONG1,
  8,
  new Uint8Array(BigInt64Array.of(value).buffer),
];
const tuple = (...items: Part[]): Part[] => [OP.MARK, ...items, OP.TUPLE];
const storage = (key: string, count: Part, type = 'FloatStorage', location = 'cpu'): Part[] => [
  tuple(text('storage'), global('torch', type), text(key), text(location), count),
  OP.BINPERSID,
];
const hooks = [global('collections', 'OrderedDict'), OP.EMPTY_TUPLE, OP.REDUCE];
const tensor = (stored: Part, offset: Part, size: Part, stride: Part): Part[] => [
  global('torch._utils', '_rebuild_tensor_v2'),
  tuple(stored, offset, size, stride, OP.NEWFALSE, hooks),
  OP.REDUCE,
];
const one = [OP.BININT1, 1];
const zero = [OP.BININT1, 0];

describe('a hostile file', () => {
  const file = temporaryFolder();

  /** Writes a file with this pickle, and a storage `0` of 8 bytes. */
  function made(...parts: Part[]): string {
    FileWriter.with(file('made.pt'), (writer) => {
      const zip = new ZipWriter(writer, 64);
      const pickle = bytesOf([OP.PROTO, 2, ...parts, OP.STOP]);
      zip.add('x/data.pkl', pickle.length, [pickle]);
      zip.add('x/data/0', 8, [new Uint8Array(8)]);
      zip.finish();
    });
    return file('made.pt');
  }

  it('is read if nothing is wrong with it', () => {
    const path = made(
      tensor(storage('0', [OP.BININT1, 2]), zero, tuple([OP.BININT1, 2]), tuple(one)),
    );
    expect(torch.load(path)).to.deep.equal(torch.zeros(2));
  });

  const many = 3000;
  const nested = Array.from({ length: many }, () => [OP.TUPLE1]);
  const HOSTILE: Record<string, [pickle: Part[], message: RegExp]> = {
    'a storage larger than its record': [
      tensor(storage('0', long(2n ** 40n)), zero, tuple(one), tuple(one)),
      /would be 4398046511104 bytes, and has 8/,
    ],
    'a storage of 2⁶³ elements': [
      tensor(storage('0', long(2n ** 63n - 1n)), zero, tuple(one), tuple(one)),
      /A storage lacks/,
    ],
    'a storage that is not there': [storage('7', one), /has no record "data\/7"/],
    'a storage of a folder above': [storage('../../0', one), /has no record/],
    'a storage of no class': [
      [tuple(text('storage'), one, text('0'), text('cpu'), one), OP.BINPERSID],
      /A storage lacks/,
    ],
    'a storage on a device that is none': [
      storage('0', [OP.BININT1, 2], 'FloatStorage', 'nowhere'),
      /nowhere/,
    ],
    'a shape beyond its storage': [
      tensor(storage('0', [OP.BININT1, 2]), zero, tuple(long(2n ** 40n)), tuple(one)),
      /reaches to element 1099511627775 of 2/,
    ],
    'a shape beyond all memory': [
      tensor(
        storage('0', [OP.BININT1, 2]),
        zero,
        tuple(long(2n ** 52n), long(2n ** 52n)),
        tuple(zero, zero),
      ),
      /the shape/,
    ],
    'an offset beyond its storage': [
      tensor(storage('0', [OP.BININT1, 2]), [OP.BININT1, 2], tuple(one), tuple(one)),
      /reaches to element 2 of 2/,
    ],
    'a negative stride': [
      tensor(storage('0', [OP.BININT1, 2]), one, tuple([OP.BININT1, 2]), tuple(long(-1n))),
      /is no tuple of sizes/,
    ],
    'a negative offset': [
      tensor(storage('0', [OP.BININT1, 2]), long(-1n), tuple(one), tuple(one)),
      /is no size/,
    ],
    'more strides than sizes': [
      tensor(storage('0', [OP.BININT1, 2]), zero, tuple(one), tuple(one, one)),
      /has strides/,
    ],
    '65 dimensions': [
      tensor(
        storage('0', [OP.BININT1, 2]),
        zero,
        tuple(...Array(65).fill(one)),
        tuple(...Array(65).fill(one)),
      ),
      /the shape/,
    ],
    'a call of what is no function': [
      [one, OP.EMPTY_TUPLE, OP.REDUCE],
      /unrecognized function int/,
    ],
    'a call without a tuple': [[global('torch', 'Size'), one, OP.REDUCE], /are no tuple/],
    'a module that is blocked': [global('os', 'system'), /whose module os is blocked/],
    'a builtin by its old name': [global('__builtin__', 'eval'), /GLOBAL eval was not/],
    'a constructor of Object.prototype': [
      global('constructor', 'constructor'),
      /was not an allowed global/,
    ],
    'an empty pickle': [[], /empty stack/],
    'a list without a list': [[one, one, OP.APPEND], /Can only append to lists, but got int/],
    'items of no dictionary': [[OP.EMPTY_LIST, one, one, OP.SETITEM], /but got list/],
    'a key that is a list': [
      [OP.EMPTY_DICT, OP.EMPTY_LIST, one, OP.SETITEM],
      /unhashable type: 'list'/,
    ],
    'a memo that is empty': [[OP.BINGET, 3], /Memo value not found at index 3/],
    'a mark that is missing': [[OP.TUPLE], /lacks a mark/],
    'a text that ends beyond the file': [[OP.BINUNICODE, uint32(2 ** 32 - 1), 'x'], /truncated/],
    'a text that is no UTF-8': [[OP.BINUNICODE, uint32(1), Uint8Array.of(0xff)], /no UTF-8/],
    'an opcode of protocol 0': [[0x49], /Unsupported operand 73 \(INT\)/],
    'an opcode that is none': [[0xff], /Unsupported operand 255 \(0xff\)/],
    [`a tuple in ${many} tuples`]: [[OP.EMPTY_TUPLE, nested], /nested deeper than 1000/],
    'one long text that many calls copy': [
      [
        ...[text('x'.repeat(10_000)), OP.BINPUT, 0, text('latin1'), OP.BINPUT, 1],
        global('_codecs', 'encode'),
        ...[OP.BINPUT, 2, OP.MARK],
        Array.from({ length: many }, () => [
          OP.BINGET,
          2,
          OP.BINGET,
          0,
          OP.BINGET,
          1,
          OP.TUPLE2,
          OP.REDUCE,
        ]),
        OP.TUPLE,
      ],
      /copies its contents many times/,
    ],
  };
  for (const [what, [pickle, message]] of Object.entries(HOSTILE)) {
    it(`is refused: ${what}`, () => {
      const path = made(...pickle);
      for (const mmap of [false, true]) {
        expect(() => torch.load(path, { mmap }))
          .to.throw(message)
          .with.property('code')
          .that.matches(/^ERR_TORCH_/);
      }
    });
  }

  const survives = (bytes: Uint8Array): void => {
    writeFileSync(file('damaged.pt'), bytes);
    for (const f of [file('damaged.pt'), bytes]) {
      for (const mmap of typeof f === 'string' ? [false, true] : [false]) {
        try {
          torch.load(f, { mmap });
        } catch (error) {
          const about = `${error}: ${Buffer.from(bytes).toString('base64')}`;
          expect((error as { code?: string }).code, about).to.match(/^ERR_TORCH_/);
        }
      }
    }
  };

  it('is read or refused, whatever bytes of a file are changed', () => {
    torch.save(
      {
        model: new nn.Linear(3, 2).state_dict(),
        list: [1, 2.5, 'text', null, true, new Uint8Array(3), new Set([1]), torch.float16],
        sparse: torch.ops.aten.to_sparse(torch.ones(2, 2)),
        parameter: new nn.Parameter(torch.ones(2)),
        flags: torch.tensor([true, false]),
        short: torch.ones(2, { dtype: torch.uint16 }),
      },
      file('whole.pt'),
    );
    const whole = readFileSync(file('whole.pt'));
    const pickleEnd = whole.indexOf('.format_version');
    const random = new Random(17);
    for (let i = 0; i < 300; i++) {
      const length = random.pick([
        whole.length,
        whole.length,
        whole.length,
        random.integer(0, whole.length),
      ]);
      const bytes = new Uint8Array(whole.subarray(0, length));
      const end = random.pick([pickleEnd, whole.length]);
      for (let j = 0; j < random.integer(1, 4) && bytes.length > 0; j++) {
        bytes[random.integer(0, Math.min(end, bytes.length))] = random.integer(0, 256);
      }
      // Most changes would only break the checksum of the pickle: 0 means that there is none.
      if (length === whole.length) withoutChecksum(bytes);
      survives(bytes);
    }
  });

  function withoutChecksum(bytes: Uint8Array): void {
    const directory = Buffer.from(bytes.buffer).indexOf('PK\x01\x02');
    if (directory > 0) bytes.fill(0, directory + 16, directory + 20);
  }

  it('is read or refused, whatever its pickle does', () => {
    const random = new Random(4);
    const opcodes = Object.values(OP).filter((opcode) => opcode !== OP.STOP);
    const pieces: (() => Part[])[] = [
      () => [random.pick(opcodes)],
      () => [OP.BININT1, random.integer(0, 256)],
      () => text(random.pick(['storage', '0', 'cpu', 'latin1', 'torch.sparse_coo', 'x'])),
      () => [random.pick<number>([OP.BINPUT, OP.BINGET]), random.integer(0, 4)],
      () => long(random.pick([-1n, 2n ** 40n, 2n ** 62n])),
      () => storage('0', [OP.BININT1, 2]),
      () => tensor(storage('0', [OP.BININT1, 2]), zero, tuple(one), tuple(one)),
      () => [tuple(one), OP.REDUCE],
      () => [OP.MARK],
      () => [OP.TUPLE],
      () => [OP.EMPTY_TUPLE, OP.REDUCE],
      () => [OP.EMPTY_LIST],
      () => [OP.EMPTY_DICT],
      ...[
        ['torch._utils', '_rebuild_tensor_v2'],
        ['torch._utils', '_rebuild_tensor_v3'],
        ['torch._utils', '_rebuild_parameter'],
        ['torch._utils', '_rebuild_sparse_tensor'],
        ['torch._utils', '_rebuild_meta_tensor_no_storage'],
        ['torch._tensor', '_rebuild_from_type_v2'],
        ['torch.serialization', '_get_layout'],
        ['torch', 'device'],
        ['torch', 'float32'],
        ['torch', 'Size'],
        ['collections', 'OrderedDict'],
        ['collections', 'Counter'],
        ['_codecs', 'encode'],
        ['__builtin__', 'set'],
        ['__builtin__', 'complex'],
        ['__builtin__', 'bytearray'],
      ].map(
        ([module, name]) =>
          () =>
            global(module!, name!),
      ),
    ];
    for (let i = 0; i < 500; i++) {
      const length = random.integer(1, 25);
      survives(readFileSync(made(...Array.from({ length }, () => random.pick(pieces)()))));
    }
  });
});
