/** safetensors.safe_open, and mapping by load_file. test/serialization/safetensors.test.ts has the format. */
import { closeSync, ftruncateSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';

import { expect } from 'chai';
import torch, { safetensors, slice, type Tensor } from 'torch-losses';

import { temporaryFolder } from '../support/folder';

describe('safetensors.safe_open', () => {
  const file = temporaryFolder();
  const tensors: Record<string, Tensor> = {
    b: torch.arange(12, { dtype: torch.float32 }).reshape(3, 4),
    a: torch.tensor([true, false, true]),
    half: torch.ones(3, { dtype: torch.bfloat16 }),
    wide: torch.arange(4, { dtype: torch.float64 }),
  };

  before(() => safetensors.save_file(tensors, file('f'), { format: 'pt' }));

  it('gives names, texts, tensors and parts of them', () => {
    using opened = safetensors.safe_open(file('f'), 'pt', 'cpu');
    expect(opened.keys().sort()).to.deep.equal(Object.keys(tensors).sort());
    expect(opened.offset_keys()).to.deep.equal(['b', 'a', 'half', 'wide']);
    expect(opened.metadata()).to.deep.equal({ format: 'pt' });
    for (const [name, tensor] of Object.entries(tensors)) {
      expect(opened.get_tensor(name), name).to.deep.equal(tensor);
    }
    const part = opened.get_slice('b');
    expect(part.get_shape()).to.deep.equal([3, 4]);
    expect(part.get_dtype()).to.equal('F32');
    expect(part.index(slice(1, 3), slice(0, 2)).tolist()).to.deep.equal([
      [4, 5],
      [8, 9],
    ]);
    expect(part.index(2).tolist()).to.deep.equal([8, 9, 10, 11]);
  });

  it('maps: what is written does not reach the file, and the tensors outlive it', () => {
    const opened = safetensors.safe_open(file('f'));
    const bytes = readFileSync(file('f'));
    const tensor = opened.get_tensor('b');
    const same = opened.get_tensor('b');
    tensor.fill_(7);
    expect(same.index(0, 0).item()).to.equal(7);
    opened.close();
    expect(tensor.sum().item()).to.equal(84);
    expect(readFileSync(file('f'))).to.deep.equal(bytes);
    expect(() => opened.get_tensor('b')).to.throw(RangeError, 'the file is closed');
    opened.close();
    const loaded = safetensors.load_file(file('f'));
    loaded.get('b')!.fill_(1);
    expect(readFileSync(file('f'))).to.deep.equal(bytes);
  });

  it('opens a file of 5 GB without reading it', () => {
    const size = 5 * 2 ** 30;
    const header = Buffer.from(
      JSON.stringify({
        large: { dtype: 'F32', shape: [size / 4], data_offsets: [0, size] },
        last: { dtype: 'F64', shape: [2], data_offsets: [size, size + 16] },
      }),
    );
    const descriptor = openSync(file('large'), 'w');
    const start = 8 + Math.ceil(header.length / 8) * 8;
    const head = Buffer.alloc(start, ' ');
    head.writeBigUInt64LE(BigInt(start - 8));
    header.copy(head, 8);
    writeSync(descriptor, head);
    ftruncateSync(descriptor, start + size + 16);
    writeSync(descriptor, Buffer.from(Float64Array.of(1.5, 2.5).buffer), 0, 16, start + size);
    closeSync(descriptor);
    expect(statSync(file('large')).size).to.equal(start + size + 16);
    const before = process.memoryUsage().rss;
    using opened = safetensors.safe_open(file('large'));
    expect(opened.get_tensor('last').tolist()).to.deep.equal([1.5, 2.5]);
    expect(
      opened
        .get_slice('large')
        .index(slice(2 ** 30, 2 ** 30 + 3))
        .tolist(),
    ).to.deep.equal([0, 0, 0]);
    expect(safetensors.load_file(file('large')).get('last')!.tolist()).to.deep.equal([1.5, 2.5]);
    expect(process.memoryUsage().rss - before).to.be.lessThan(2 ** 28);
  });

  it('moves tensors to a device', () => {
    const opened = safetensors.safe_open(file('f'), { device: 'meta' });
    expect(opened.get_tensor('b').is_meta).to.equal(true);
    expect(opened.get_slice('b').index(0).is_meta).to.equal(true);
    expect(safetensors.load_file(file('f'), 'meta').get('a')!.is_meta).to.equal(true);
  });

  it('refuses other arguments and names', () => {
    expect(() => safetensors.safe_open(file('none'))).to.throw(/ENOENT/);
    expect(() => safetensors.safe_open(1 as never)).to.throw(TypeError, /'filename'/);
    expect(() => safetensors.safe_open(file('f'), 'tf' as never)).to.throw(
      TypeError,
      /'framework'/,
    );
    expect(() => safetensors.safe_open(file('f'), 'pt', [] as never)).to.throw(
      TypeError,
      /'device'/,
    );
    const opened = safetensors.safe_open(file('f'));
    expect(() => opened.get_tensor('c')).to.throw(TypeError, 'does not contain tensor c');
    expect(() => opened.get_slice(1 as never)).to.throw(TypeError, /'name'/);
  });
});
