// A side's half of the protocol (protocol.md), for the sides written in JavaScript.
import { readSync, writeSync } from 'node:fs';

const STDIN = 0;
const STDOUT = 1;

/**
 * Answers requests until there are no more, without ever turning the event loop: what a side leaves
 * for later is on the clock of its next calls, not off it between them.
 *
 * @param {object} about what the side says of itself
 * @param {(request: object) => { step: () => void, value: number } | { unsupported: string }} prepare
 * @param {() => void} [finish] waits for what the steps have started
 */
export function serve(about, prepare, finish = () => {}) {
  answer(about);
  let step;
  for (const request of requests()) {
    if (request.prepare) {
      step = undefined;
      const { step: prepared, ...rest } = prepare(request);
      step = prepared;
      answer(rest);
    } else {
      answer({ seconds: secondsOf(step, request.run, finish) });
    }
  }
}

function secondsOf(step, calls, finish) {
  const start = performance.now();
  for (let call = 0; call < calls; call++) {
    step();
  }
  finish();
  return (performance.now() - start) / 1000;
}

function answer(object) {
  writeSync(STDOUT, `${JSON.stringify(object)}\n`);
}

function* requests() {
  const chunk = Buffer.alloc(1 << 16);
  let text = '';
  for (;;) {
    const end = text.indexOf('\n');
    if (end >= 0) {
      const request = JSON.parse(text.slice(0, end));
      if (request.quit) {
        return;
      }
      yield request;
      text = text.slice(end + 1);
    } else {
      const bytes = readSync(STDIN, chunk);
      if (bytes === 0) {
        return;
      }
      text += chunk.toString('utf8', 0, bytes);
    }
  }
}
