/** Assertions on tensors, and chai's own on numbers. */
import { assert, expect, use } from 'chai';
import type { Tensor } from 'torch-losses';
import torchChai from 'torch-losses/chai';

declare const x: Tensor;
use(torchChai);

expect(x).to.equalTensor(x, 'why').and.to.be.closeTo(x);
expect(x).not.to.be.closeTo(x, { rtol: 1e-3, atol: 0, equal_nan: true }, 'why');
expect(x).to.be.closeTo(x, 1e-3);
expect([x]).to.be.approximately([x], {});
expect(1).to.be.closeTo(1, 0.5);
assert.closeTo(x, x, { rtol: 1e-3, atol: 0 });
assert.closeTo(1, 1, 0.5);
// @ts-expect-error a tensor
expect(x).to.equalTensor([1]);
// @ts-expect-error numbers need a delta
expect(1).to.be.closeTo(1);
// @ts-expect-error no such option
expect(x).to.be.closeTo(x, { delta: 1 });
// @ts-expect-error the message is the third argument
expect(x).to.be.closeTo(x, { msg: 'why' });
