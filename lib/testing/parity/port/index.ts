/** `torch.testing.parity`: proves that a port computes what its original in Python does. See docs/guides/port.md */
export type { Allowance, Difference } from '../../difference/difference';
export type { RunReport, Tolerances } from './comparison';
export type { Environment, Sides } from './environments';
export { type RecordOptions, record } from './record';
export { type ReplayOptions, replay } from './replay';
export type { Option, Port, Run } from './run';
export type { TensorReport, Verdict } from './tensor_report';
