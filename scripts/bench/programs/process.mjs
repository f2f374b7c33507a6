// What the programs that watch their own process share.
import { readFileSync, writeFileSync } from 'node:fs';
import v8 from 'node:v8';
import vm from 'node:vm';

export const MEGABYTE = 2 ** 20;

/** Small objects that refer to each other, as the state of a program does. */
export function liveHeap(bytes) {
  const objects = [];
  const used = () => process.memoryUsage().heapUsed;
  for (const end = used() + bytes; bytes > 0 && used() < end; ) {
    for (let i = 0; i < 50_000; i++) {
      objects.push({ previous: objects.at(-1), index: i, a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 });
    }
  }
  return objects;
}

/** Has V8 move what was just made into its old generation, as in a program that has run for a while. */
export function settle() {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  gc();
  gc();
}

/** @returns a function that tells by how many megabytes resident memory has grown since, at its peak */
export function watchGrowth() {
  writeFileSync('/proc/self/clear_refs', '5'); // the peak counts from here
  const before = process.memoryUsage.rss();
  return () => {
    const [, kilobytes] = /^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return (Number(kilobytes) * 1024 - before) / MEGABYTE;
  };
}
