/** `torch.testing`. See https://docs.pytorch.org/docs/stable/testing.html */
import { onFirstUse } from '../utils/on_first_use';
import type * as port from './parity/port';

export { type AssertCloseOptions, assert_close, type Comparable } from './assert_close';
export { type AssertEqualOptions, assert_equal } from './assert_equal';
export { type MakeTensorOptions, make_tensor } from './make_tensor';

/** Proves that a port computes what its original in Python does. It is loaded on first use. */
export declare const parity: typeof port;
export declare namespace parity {
  export type Allowance = port.Allowance;
  export type Difference = port.Difference;
  export type Environment = port.Environment;
  export type Option = port.Option;
  export type Port = port.Port;
  export type RecordOptions = port.RecordOptions;
  export type ReplayOptions = port.ReplayOptions;
  export type Run = port.Run;
  export type RunReport = port.RunReport;
  export type Sides = port.Sides;
  export type TensorReport = port.TensorReport;
  export type Tolerances = port.Tolerances;
  export type Verdict = port.Verdict;
}
onFirstUse(exports, 'parity', () => require('./parity/port'));
