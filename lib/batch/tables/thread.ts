/** The main file of a thread that decodes tables. It does not load libtorch. */
import { parentPort } from 'node:worker_threads';

import type { Reply, Request, Task } from './messages';
import { RowProblem } from './problem';

let last: Promise<void> = Promise.resolve();

parentPort!.on('message', (request: Request) => {
  last = last.then(async () => parentPort!.postMessage(await answer(request)));
});

async function answer({ id, task }: Request): Promise<Reply> {
  try {
    return { id, result: await perform(task) };
  } catch (error) {
    const { message } = error as Error;
    return { id, problem: { message, row: error instanceof RowProblem ? error.row : undefined } };
  }
}

/** Does a task, and loads only what its format needs. */
async function perform(task: Task): Promise<unknown> {
  switch (task.kind) {
    case 'scan':
      return (await import('./lines.js')).scan(task);
    case 'lines':
      return (await import('./lines.js')).readLines(task);
    case 'pages':
      return (await import('./pages.js')).readPages(task);
  }
}
