/** Comparisons: values that can be compared, and options. */
import torch, { type Tensor } from 'torch-losses';

declare const x: Tensor;
const { assert_close } = torch.testing;

assert_close(x, x, { rtol: 1e-3, atol: null, equal_nan: true, msg: (text) => text.trim() });
assert_close([x, { loss: 1.5, step: 3n }, null], [x, { loss: { re: 1, im: 0 } }, true]);
assert_close(new Map([['weight', x]]), { weight: x }, { msg: 'weights differ' });
assert_close(new Float32Array(2), new Float32Array(2), { check_stride: false });
// @ts-expect-error text is not compared
assert_close('a', 'a');
// @ts-expect-error no such option
assert_close(x, x, { tolerance: 1 });
// @ts-expect-error a text is made of the text
assert_close(x, x, { msg: () => 1 });
