/** Batch jobs: what evaluate takes and gives. */
import torch, { nn } from 'torch-losses';
import {
  type BatchError,
  type BatchSummary,
  type Evaluation,
  evaluate,
  merge,
} from 'torch-losses/batch';

const files = { input: 'x-*.npy', target: ['y-0.npy', 'y-1.npy'] };
export const job: Evaluation = evaluate(new nn.CrossEntropyLoss(), files, {
  out: 'losses/',
  gradOut: 'gradients/',
  compare: ['before-0.npy', 'before-1.npy'],
  report: 'report.html',
  shard: '3/16',
  format: 'jsonl.gz',
  dtype: { '*': torch.float32, target: torch.int64 },
  device: 'cuda',
  memory: null,
  onError: 'skip',
  signal: new AbortController().signal,
});
export const summary: Promise<BatchSummary> = job.summary();
export const ctc: Evaluation = evaluate(new nn.CTCLoss(), { log_probs: 'x.npy' });
export const place = (error: BatchError): [string | undefined, number | undefined] => [
  error.file,
  error.row,
];
export async function rows(): Promise<number> {
  for await (const { rows: done, mean } of job) return done + mean;
  return 0;
}
export const merged: Promise<BatchSummary> = merge('losses/', { report: 'report.html' });
export const change = async (): Promise<number | undefined> =>
  (await evaluate(null, { input: 'now.npy' }, { compare: 'before.npy' }).summary()).difference
    ?.mean;
// @ts-expect-error
merge('losses/', { shard: '1/2' });
// @ts-expect-error a loss, not its class
evaluate(nn.CrossEntropyLoss, files);
// @ts-expect-error no tensor
evaluate(new nn.MSELoss(), { input: torch.ones(1) });
// @ts-expect-error
evaluate(new nn.MSELoss(), files, { onError: 'ignore' });
// @ts-expect-error no such format
evaluate(new nn.MSELoss(), files, { format: 'csv' });
