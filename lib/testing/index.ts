/** `torch.testing`. See https://docs.pytorch.org/docs/stable/testing.html */
export { type AssertCloseOptions, assert_close, type Comparable } from './assert_close';
export { type AssertEqualOptions, assert_equal } from './assert_equal';
export { type MakeTensorOptions, make_tensor } from './make_tensor';
/** Proves that a port computes what its original in Python does. */
export * as parity from './parity/port';
