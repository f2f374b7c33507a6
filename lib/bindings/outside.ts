/** Makes asynchronous work outside of the callers' asynchronous contexts, which it would keep in memory. */
import { AsyncResource } from 'node:async_hooks';

/** Says of itself, as Node's own handles do, that it does not keep the process running: Jest looks for open handles so. */
class Outside extends AsyncResource {
  hasRef(): boolean {
    return false;
  }
}

const resource = new Outside('torch-losses');

/** Runs a function in the asynchronous context in which the package was loaded. */
export const outside = <T>(run: () => T): T => resource.runInAsyncScope(run);
