// A client: measures how long a prediction takes while the learner is idle, and while it learns.
import { setTimeout as pause } from 'node:timers/promises';

import { loadDigits } from '../digits/data';
import type { Samples } from './model';

const REQUESTS = 500;
const POSTED = 100; // samples at a time

/** Posts JSON, and returns what is answered. Throws if it is refused. */
async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

/** Sends predictions, one after another. Returns the milliseconds that 99 of 100 took at most. */
async function p99(url: string, images: number[][]): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const start = performance.now();
    await post(`${url}/predict`, { images: [images[i % images.length]] });
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(0.99 * REQUESTS)]!;
}

/** Posts samples until the signal, and waits until the learner has them. */
async function teach(
  url: string,
  { images, classes }: Samples,
  signal: AbortSignal,
): Promise<void> {
  for (let start = 0; !signal.aborted; start = (start + POSTED) % classes.length) {
    const part = <T>(all: T[]) => all.slice(start, start + POSTED);
    const { received } = (await post(`${url}/learn`, {
      images: part(images),
      classes: part(classes),
    })) as { received: number };
    for (let learned = 0; learned < received - POSTED; ) {
      await pause(10);
      const status = await fetch(`${url}/status`);
      ({ learned } = (await status.json()) as { learned: number });
    }
  }
}

/** Prints the 99th percentile of a prediction's time beside that of an idle server. */
export async function measure(url: string): Promise<void> {
  const { images, classes } = loadDigits();
  const samples = { images: images.tolist(), classes: classes.tolist() } as Samples;
  await p99(url, samples.images); // the first requests compile the code
  const idle = await p99(url, samples.images);
  const measured = new AbortController();
  const teaching = teach(url, samples, measured.signal);
  const learning = await p99(url, samples.images);
  measured.abort();
  await teaching;
  console.log(
    `p99 of a prediction: ${idle.toFixed(1)} ms idle, ${learning.toFixed(1)} ms learning`,
  );
}
