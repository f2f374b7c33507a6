// `npm run bench -- --soak MINUTES`: measures the resident memory of a training loop over time.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { ROOT } from '../lib/checkout.mjs';
import { programPath } from './program.mjs';

const WARM_UP = 10; // seconds in which caches fill

/** @returns {Promise<{ minutes: number, growth: number, samples: object[] }>} growth in MB after the warm-up */
export async function soak(minutes) {
  const child = spawn(process.execPath, [programPath('soak.mjs'), `${minutes}`], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const samples = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const sample = JSON.parse(line);
    samples.push(sample);
    console.log(`${sample.seconds} s: ${sample.steps} steps, ${sample.megabytes} MB`);
  }
  const status = await ended;
  if (status !== 0) {
    throw new Error(`The training loop ended with status ${status}`);
  }
  const settled = samples.filter(({ seconds }) => seconds >= WARM_UP);
  const growth = settled.length ? settled.at(-1).megabytes - settled[0].megabytes : undefined;
  console.log(`From ${WARM_UP} s on, resident memory grew by ${growth} MB`);
  return { minutes, growth, samples };
}
