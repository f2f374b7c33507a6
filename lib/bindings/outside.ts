/** Starts asynchronous work outside of the caller's asynchronous context, which would otherwise stay in memory. */
import { AsyncResource } from 'node:async_hooks';

/** An asynchronous resource that does not keep the process running. Jest calls `hasRef` to find open handles. */
class Outside extends AsyncResource {
  hasRef(): boolean {
    return false;
  }
}

const resource = new Outside('torch-losses');

/** Runs a function in the asynchronous context in which the package was loaded. */
export const outside = <T>(run: () => T): T => resource.runInAsyncScope(run);
