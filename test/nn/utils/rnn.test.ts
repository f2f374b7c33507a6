/** nn.utils.rnn: packing and padding, compared with Python. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample, TEXT_OF, textOf } from '../../parity/parity';

const { rnn } = nn.utils;

describe('nn.utils.rnn against Python', () => {
  it('packs, and pads again', () =>
    expectSample(
      {
        source: `
from torch.nn.utils import rnn
x = torch.randn(3, 5, 2, requires_grad=True); out = []
for first in (True, False):
    for order, lengths in ((True, [5, 3, 1] if first else [3, 3, 2, 2, 1]), (False, torch.tensor([2, 3, 1] if first else [1, 3, 2, 3, 1]))):
        p = rnn.pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=order)
        q, n = rnn.pad_packed_sequence(p, batch_first=not first, padding_value=-1.5, total_length=7)
        q.sum().backward()
        out += [repr(p), list(p), q, n, list(rnn.pad_packed_sequence(p)), rnn.unpack_sequence(p)]`,
        outputs: ['out', 'x.grad'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const x = torch.randn(3, 5, 2, { requires_grad: true });
        const out: unknown[] = [];
        for (const batch_first of [true, false]) {
          const sorted = batch_first ? [5, 3, 1] : [3, 3, 2, 2, 1];
          const unsorted = torch.tensor(batch_first ? [2, 3, 1] : [1, 3, 2, 3, 1]);
          for (const [enforce_sorted, lengths] of [
            [true, sorted],
            [false, unsorted],
          ] as const) {
            const p = rnn.pack_padded_sequence(x, lengths, { batch_first, enforce_sorted });
            const [q, n] = rnn.pad_packed_sequence(p, {
              batch_first: !batch_first,
              padding_value: -1.5,
              total_length: 7,
            });
            q.sum().backward();
            out.push(String(p), [...p], q, n, rnn.pad_packed_sequence(p), rnn.unpack_sequence(p));
          }
        }
        return [out, x.grad];
      },
    ));

  it('takes lists of sequences', () =>
    expectSample(
      {
        source: `
from torch.nn.utils import rnn
a, b, c = torch.randn(2, 3), torch.randn(4, 3), torch.randn(1, 3)
padded = rnn.pad_sequence([a, b, c])
out = [rnn.pad_sequence([a, b, c], True, 2.5), rnn.pad_sequence((b, a), padding_side='left'), rnn.pad_sequence(a),
       list(rnn.pack_sequence([b, a, c])), list(rnn.pack_sequence([a, b, c], enforce_sorted=False)),
       rnn.unpad_sequence(padded, torch.tensor([2, 4, 1])), list(padded.shape), rnn.invert_permutation(torch.tensor([2, 0, 1])),
       repr(rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])]))]`,
        outputs: ['out'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const [a, b, c] = [2, 4, 1].map((length) => torch.randn(length, 3)) as [
          Tensor,
          Tensor,
          Tensor,
        ];
        const padded = rnn.pad_sequence([a, b, c]);
        return [
          [
            rnn.pad_sequence([a, b, c], true, 2.5),
            rnn.pad_sequence([b, a], { padding_side: 'left' }),
            rnn.pad_sequence(a),
            [...rnn.pack_sequence([b, a, c])],
            [...rnn.pack_sequence([a, b, c], { enforce_sorted: false })],
            rnn.unpad_sequence(padded, torch.tensor([2, 4, 1])),
            padded.shape,
            rnn.invert_permutation(torch.tensor([2, 0, 1])),
            String(rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4, 5])])),
          ],
        ];
      },
    ));

  it('converts packed sequences', () =>
    expectSample(
      {
        source: `
from torch.nn.utils import rnn
p = rnn.pack_sequence([torch.ones(2), torch.zeros(3)], False)
out = [str(q.data.dtype) for q in (p.double(), p.half(), p.long(), p.int(), p.short(), p.char(), p.byte(), p.float(), p.to(torch.bfloat16))]
same = [p.float() is p, p.cpu() is p, p.is_cuda]
m = p.to('meta'); places = [str(t.device) for t in m]`,
        outputs: ['out', 'same', 'places'],
      },
      () => {
        const p = rnn.pack_sequence([torch.ones(2), torch.zeros(3)], false);
        const all = [
          p.double(),
          p.half(),
          p.long(),
          p.int(),
          p.short(),
          p.char(),
          p.byte(),
          p.float(),
          p.to(torch.bfloat16),
        ];
        return [
          all.map(({ data }) => String(data.dtype)),
          [p.float() === p, p.cpu() === p, p.is_cuda],
          [...p.to('meta')].map((tensor) => String(tensor!.device)),
        ];
      },
    ));

  it('refuses what Python refuses', () =>
    expectSample(
      {
        source: `${TEXT_OF}
from torch.nn.utils import rnn
x = torch.ones(3, 2)
p = rnn.pack_sequence([torch.ones(3), torch.ones(1)])
texts = [text_of(f) for f in [lambda: rnn.pack_padded_sequence(x, [1, 3]), lambda: rnn.pack_padded_sequence(x, [3, 0]),
  lambda: rnn.pack_padded_sequence(x, [3]), lambda: rnn.pad_packed_sequence(p, total_length=2),
  lambda: rnn.unpad_sequence(torch.ones(3, 2), torch.tensor([1])), lambda: rnn.unpad_sequence(torch.ones(3, 2), torch.tensor([1, 1, 1])),
  lambda: rnn.PackedSequence(x, p.batch_sizes.to('meta')), lambda: rnn.PackedSequence(x), lambda: rnn.pad_sequence([]),
  lambda: rnn.pad_sequence([x], padding_side='up'), lambda: rnn.pack_sequence([torch.ones(1), torch.ones(2)])]]`,
        outputs: ['texts'],
      },
      () => {
        const x = torch.ones(3, 2);
        const p = rnn.pack_sequence([torch.ones(3), torch.ones(1)]);
        const cases = [
          () => rnn.pack_padded_sequence(x, [1, 3]),
          () => rnn.pack_padded_sequence(x, [3, 0]),
          () => rnn.pack_padded_sequence(x, [3]),
          () => rnn.pad_packed_sequence(p, { total_length: 2 }),
          () => rnn.unpad_sequence(torch.ones(3, 2), torch.tensor([1])),
          () => rnn.unpad_sequence(torch.ones(3, 2), torch.tensor([1, 1, 1])),
          () => new rnn.PackedSequence(x, p.batch_sizes.to('meta')),
          () => new rnn.PackedSequence(x),
          () => rnn.pad_sequence([]),
          () => rnn.pad_sequence([x], { padding_side: 'up' as never }),
          () => rnn.pack_sequence([torch.ones(1), torch.ones(2)]),
        ];
        return [cases.map((run) => textOf(run))];
      },
    ));

  it('refuses arguments of other types', () => {
    expect(() => rnn.pad_sequence(3 as never)).to.throw('Expected iterable for input sequences');
    expect(() => rnn.pack_sequence([3] as never)).to.throw(TypeError, 'must be a Tensor');
    expect(() => rnn.pad_packed_sequence(torch.ones(1) as never)).to.throw(
      TypeError,
      "'sequence' must be a PackedSequence",
    );
    expect(() => rnn.pack_padded_sequence(torch.ones(1), [1.5])).to.throw(TypeError, "'lengths'");
    expect(() => new rnn.PackedSequence([1, 2] as never)).to.throw(TypeError, "'data'");
  });

  it('keeps packed sequences that a tidy returns', () => {
    const packed = torch.tidy(() => rnn.pack_sequence([torch.ones(2), torch.ones(1)]));
    expect(packed.data.tolist()).to.deep.equal([1, 1, 1]);
  });
});
