/** The comparison itself. It must detect every kind of difference, or the parity tests prove nothing. */
import { expect } from 'chai';
import {
  differences,
  differentWarnings,
  type Outcome,
  type TensorValue,
} from '../../dist/testing/parity/outcome';
import { Input } from '../support/data';
import { warningDifferences } from '../support/warnings';
import { expectParity, expectSample } from './parity';

const floats = (...values: number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);

const tensor = (change: Partial<TensorValue> = {}): TensorValue => ({
  dtype: 'torch.float32',
  shape: [2],
  bytes: floats(1, 0),
  requires_grad: true,
  grad_fn: 'MulBackward0',
  ...change,
});

const outcome = (change: Partial<Outcome> = {}): Outcome => ({
  result: { tensor: tensor() },
  grads: [{ tensor: tensor() }],
  stage: 'backward',
  error: null,
  warnings: [],
  ...change,
});

const failed = (type: string, message: string, stage = 'call'): Outcome => ({
  stage,
  error: { type, message },
  warnings: [],
});

const UNEQUAL: Record<string, [python: Outcome, ours: Outcome]> = {
  'the last bit': [
    outcome(),
    outcome({ result: { tensor: tensor({ bytes: floats(1 + 2 ** -23, 0) }) } }),
  ],
  'the sign of zero': [
    outcome(),
    outcome({ result: { tensor: tensor({ bytes: floats(1, -0) }) } }),
  ],
  dtype: [outcome(), outcome({ result: { tensor: tensor({ dtype: 'torch.int32' }) } })],
  shape: [outcome(), outcome({ result: { tensor: tensor({ shape: [2, 1] }) } })],
  requires_grad: [outcome(), outcome({ result: { tensor: tensor({ requires_grad: false }) } })],
  grad_fn: [outcome(), outcome({ result: { tensor: tensor({ grad_fn: 'MulBackward1' }) } })],
  'a gradient': [outcome(), outcome({ grads: [{ tensor: tensor({ bytes: floats(2, 0) }) }] })],
  'a missing gradient': [outcome(), outcome({ grads: [{ plain: null }] })],
  'a gradient too few': [outcome(), outcome({ grads: [] })],
  'no second gradient': [outcome({ seconds: [] }), outcome()],
  'a number': [outcome({ result: { number: '1' } }), outcome({ result: { number: '1.5' } })],
  'a text': [outcome({ result: { plain: 'a' } }), outcome({ result: { plain: 'b' } })],
  'an error that only Python has': [failed('ValueError', 'no'), outcome()],
  'an error that only we have': [outcome(), failed('ValueError', 'no')],
  "the error's class": [failed('ValueError', 'no'), failed('RuntimeError', 'no')],
  "the error's text": [failed('ValueError', 'no'), failed('ValueError', 'No')],
  'where it failed': [failed('RuntimeError', 'no', 'backward'), failed('RuntimeError', 'no')],
};

describe('parity: the comparison', () => {
  it('finds equal outcomes equal', () => {
    expect(differences(outcome(), outcome())).to.deep.equal([]);
    expect(differences(failed('ValueError', 'no'), failed('ValueError', 'no'))).to.deep.equal([]);
  });

  it("takes our own texts for Python's argument parser's", () => {
    expect(differences(failed('TypeError', 'theirs'), failed('TypeError', 'ours'))).to.deep.equal(
      [],
    );
  });

  for (const [what, [python, ours]] of Object.entries(UNEQUAL)) {
    it(`sees a difference in ${what}`, () => {
      expect(differences(python, ours)).to.have.length(1);
    });
  }

  it('sees warnings that are missing, changed, or too many', () => {
    const [a, b] = [['UserWarning', 'a'] as const, ['FutureWarning', 'a'] as const];
    const seen = new Set(['UserWarning: a']);
    expect(warningDifferences([a], [a], new Set(), false)).to.have.length(0);
    expect(warningDifferences([a], [], new Set(), false)).to.have.length(1);
    expect(warningDifferences([a], [b], new Set(), false)).to.have.length(2);
    expect(warningDifferences([], [a], new Set(), false)).to.have.length(1);
    expect(warningDifferences([a], [], seen, false), 'a functional warns per line').to.have.length(
      1,
    );
    expect(warningDifferences([a], [], seen, true), 'a module warns once').to.have.length(0);
  });

  it('of the command sees warnings that are altered, in another order, or come more often', () => {
    const [a, b] = [['UserWarning', 'a'] as const, ['FutureWarning', 'a'] as const];
    const placed = ['UserWarning', 'a (Triggered internally at /x.cpp:1.)'] as const;
    const found = (python: Outcome['warnings'], ours: Outcome['warnings']): number =>
      differentWarnings(outcome({ warnings: python }), outcome({ warnings: ours })).length;
    expect(found([], [])).to.equal(0);
    expect(found([a, b], [a, b])).to.equal(0);
    expect(found([placed], [a]), "a place in libtorch's source").to.equal(0);
    expect(found([a], [])).to.equal(1);
    expect(found([], [a])).to.equal(1);
    expect(found([a], [b]), 'category').to.equal(1);
    expect(found([a], [['UserWarning', 'A']]), 'text').to.equal(1);
    expect(found([a, b], [b, a]), 'order').to.equal(1);
    expect(found([a, a], [a]), 'how often').to.equal(1);
  });

  it('fails a whole run when one program differs', async () => {
    const x = Input.of('float32', [3], (i) => i + 0.1, { requires_grad: true });
    const same = { callee: 'torch.exp', args: [x] };
    await expectParity([same]);
    const rejected = async (run: Promise<void>): Promise<void> => {
      const error = await run.then(
        () => undefined,
        (reason: Error) => reason,
      );
      expect(error?.message).to.match(/differ/);
    };
    await rejected(expectParity([same, { ...same, python: 'lambda x: torch.exp(x * 1.0000001)' }]));
    await rejected(expectSample({ source: '', outputs: ['1.0'] }, () => [1.5]));
  });
});
