// A lock, so that only one set-up runs in a checkout at a time.
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { ROOT } from './checkout.mjs';
import { hashOf } from './stamp.mjs';

// An abstract socket has no file, so the system frees its name when the process ends in any way.
const NAME = `\0torch-losses-${hashOf({ strings: [ROOT] })}`;

/** Runs a function while no other process holds the lock. */
export async function withLock(body) {
  let lock = await tryLock();
  if (!lock) {
    console.log('Another set-up of this checkout is running: waiting for it to end');
  }
  while (!lock) {
    await delay(200);
    lock = await tryLock();
  }
  try {
    return await body();
  } finally {
    lock.close();
  }
}

function tryLock() {
  const server = createServer().unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(NAME, () => resolve(server));
  });
}
