/** The loop of a worker thread. Source: torch/utils/data/_utils/worker.py. */
import '../../../hooks';

import { parentPort, workerData } from 'node:worker_threads';

import { get_num_threads, set_num_threads } from '../../../backends/process';
import { default_generator, get_rng_state, set_rng_state } from '../../../random/generator';
import { tensor } from '../../../tensor/creation';
import { uint8 } from '../../../tensor/dtype';
import { default_collate, default_convert } from './collate';
import { loadDataset } from './dataset_module';
import { END, type Fetcher, fetcherOf } from './fetch';
import { errorToSend, packed, type Reply, type Task, type WorkerData } from './messages';
import { setWorkerInfo } from './worker_info';

const { url, id, num_workers, auto_collation, drop_last } = workerData as WorkerData;
const port = parentPort!;

/** Makes fetchers, or throws the error with which the worker started. */
type Start = () => Fetcher;

async function start(): Promise<Start> {
  get_num_threads(); // otherwise a later call would take the process's number for this thread
  set_num_threads(1);
  const { dataset, collate_fn, worker_init_fn } = loadDataset(url);
  setWorkerInfo({
    id,
    num_workers,
    seed: default_generator.initial_seed(),
    dataset,
    rng: { torch_generator: default_generator },
    worker_method: 'thread',
  });
  await worker_init_fn?.(id as never);
  const fetching = {
    dataset,
    auto_collation,
    collate_fn: collate_fn ?? (auto_collation ? default_collate : default_convert),
    drop_last,
  };
  return () => fetcherOf(fetching);
}

let epoch = 0;
let fetcher: Promise<Fetcher> | undefined;
const started = start();
// Each task reports the error.
started.catch(() => {});

const stateBytes = (): Uint8Array => get_rng_state().toTypedArray() as Uint8Array;

async function answer(task: Exclude<Task, 'end'>): Promise<void> {
  if (task.epoch !== epoch || !('number' in task)) return;
  const { number } = task;
  const reply = (result: Reply['result']): void => {
    port.postMessage({ epoch: task.epoch, number, result, rng_state: stateBytes() });
  };
  try {
    fetcher ??= started.then((make) => make());
    const { fetch, skip } = await fetcher;
    if (task.isDone) {
      reply((await skip(task.index)) === END ? 'end of the dataset' : { data: null });
      return;
    }
    if (task.rng_state) set_rng_state(tensor(task.rng_state, { dtype: uint8 }));
    const data = await fetch(task.index);
    reply(data === END ? 'end of the dataset' : { data: packed(data) });
  } catch (error) {
    reply({ error: errorToSend(error) });
  }
}

let answered = Promise.resolve();
port.on('message', (task: Task) => {
  if (task === 'end') process.exit();
  if (task.epoch !== epoch) {
    epoch = task.epoch;
    fetcher = undefined;
  }
  answered = answered.then(() => answer(task));
});
