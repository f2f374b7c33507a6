/** `torch-losses/batch`: computes losses of files that are larger than memory. */
import './hooks';
import { loadAllUnderJest } from './utils/load_all';

// Its own exports, and what of the package they use.
loadAllUnderJest(
  () => exports,
  () => require('./torch'),
);

export { BatchError, type BatchProblem } from './batch/error';
export { type Evaluation, evaluate } from './batch/evaluate';
export type { Files } from './batch/inputs';
export { type MergeOptions, merge } from './batch/merge';
export type { EvaluateOptions, OnError } from './batch/options';
export type { OutputFormat } from './batch/outputs/file';
export type { BatchProgress } from './batch/run';
export type { BatchSummary, DifferenceSummary, RowPlace, SkippedRow } from './batch/summary';
