// Runs sixteen callers that keep making asynchronous calls of large losses: `callers.mjs SECONDS`. Prints the delay of
// the event loop's timers.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

import torch from 'torch-losses';

const CALLERS = 16;
const [rows, classes] = [2048, 32000];
const seconds = Number(process.argv[2]);

const criterion = new torch.nn.CrossEntropyLoss();
if (typeof criterion.forwardAsync === 'function') {
  const input = torch.randn(rows, classes);
  const target = torch.randint(classes, [rows]);
  const idle = await delayDuring(() => delay(1000));
  let calls = 0;
  const busy = await delayDuring(async () => {
    const end = performance.now() + seconds * 1000;
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        while (performance.now() < end) {
          await criterion.forwardAsync(input, target);
          calls++;
        }
      }),
    );
  });
  const millisecondsPerCall = busy.milliseconds / calls;
  console.log(JSON.stringify({ callers: CALLERS, calls, millisecondsPerCall, idle, busy }));
} else {
  console.log(JSON.stringify({ skipped: 'there is no forwardAsync' }));
}

// The histogram contains the time between turns, which includes the timer's own 1 ms.
async function delayDuring(work) {
  const resolution = 1;
  const histogram = monitorEventLoopDelay({ resolution });
  const start = performance.now();
  histogram.enable();
  await work();
  histogram.disable();
  const [p50, p99, max] = [histogram.percentile(50), histogram.percentile(99), histogram.max].map(
    (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution),
  );
  return { milliseconds: performance.now() - start, p50, p99, max };
}
