// Functions for programs that measure their own process.
import { readFileSync, writeFileSync } from 'node:fs';
import v8 from 'node:v8';
import vm from 'node:vm';

export const MEGABYTE = 2 ** 20;

/** Returns small objects that refer to each other, like the state of a program. */
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

/** Makes V8 move new objects into its old generation, as in a program that has run for a while. */
export function settle() {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc');
  gc();
  gc();
}

/** @returns a function that returns the growth of the peak of resident memory since now, in megabytes */
export function watchGrowth() {
  writeFileSync('/proc/self/clear_refs', '5'); // the peak counts from here
  const before = process.memoryUsage.rss();
  return () => {
    const [, kilobytes] = /^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return (Number(kilobytes) * 1024 - before) / MEGABYTE;
  };
}
