// The protocol (protocol.md) for sides written in JavaScript.
import { readSync, writeSync } from 'node:fs';

const STDIN = 0;
const STDOUT = 1;

/**
 * Answers requests until there are no more, without returning to the event loop. So work that a side defers is timed
 * with its next calls, and does not happen between them.
 *
 * @param {object} about the description of the side
 * @param {(request: object) => { step: () => void, value: number } | { unsupported: string }} prepare
 * @param {object} [options] `finish`: waits for the work that the steps started; `clock`: the time in seconds
 */
export function serve(about, prepare, { finish = () => {}, clock = wallClock } = {}) {
  answer(about);
  let step;
  for (const request of requests()) {
    if (request.prepare) {
      step = undefined;
      const { step: prepared, ...rest } = prepare(request);
      step = prepared;
      answer(rest);
    } else {
      answer({ seconds: secondsOf(step, request.run, finish, clock) });
    }
  }
}

const wallClock = () => performance.now() / 1000;

function secondsOf(step, calls, finish, clock) {
  const start = clock();
  for (let call = 0; call < calls; call++) {
    step();
  }
  finish();
  return clock() - start;
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
