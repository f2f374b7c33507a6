/** Datasets that are given as modules, which the loader and each worker load for themselves. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { typeError } from '../../../bindings/errors';
import { describe } from '../../../dispatch/arguments';
import { isIterableStyle, isMapStyle, isThenable } from '../protocol';

/** What a module of a dataset exports. */
export interface DatasetModule {
  readonly dataset: unknown;
  readonly collate_fn: ((samples: never) => unknown) | null;
  readonly worker_init_fn: ((worker_id: never) => unknown) | null;
}

/**
 * Loads a module, and makes its dataset.
 *
 * @param url - a URL of a file
 * @throws TypeError if the module does not export what it should; what the module throws
 */
export function loadDataset(url: string): DatasetModule {
  const exported = loadModule(url);
  const make = exported['default'];
  if (typeof make !== 'function') {
    throw typeError(`${url} must export a function that makes the dataset as its default`);
  }
  const dataset: unknown = make();
  if (isThenable(dataset)) {
    (dataset as Promise<unknown>).then(undefined, () => {});
    throw typeError(
      `${url}: the function that makes the dataset must return it, got a promise of it`,
    );
  }
  if (!isMapStyle(dataset) && !isIterableStyle(dataset)) {
    throw typeError(
      `${url}: the dataset must have at(index) or be iterable, got ${describe(dataset)}`,
    );
  }
  return {
    dataset,
    collate_fn: optionalFunction(url, exported, 'collate_fn'),
    worker_init_fn: optionalFunction(url, exported, 'worker_init_fn'),
  };
}

function loadModule(url: string): Record<string, unknown> {
  if (!url.startsWith('file:')) {
    throw typeError(`DataLoader(): the URL of a dataset must be that of a file, got ${url}`);
  }
  const file = fileURLToPath(url);
  let exported: Record<string, unknown>;
  try {
    exported = createRequire(file)(file);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== 'ERR_REQUIRE_ESM' && code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    throw typeError(
      `${url}: a dataset's module is loaded with require: it may have no top-level await, and if it is an ES module, ` +
        'Node must be 20.19 or later',
    );
  }
  return exported;
}

function optionalFunction(
  url: string,
  exported: Record<string, unknown>,
  name: string,
): ((argument: never) => unknown) | null {
  const value = exported[name];
  if (value === undefined) return null;
  if (typeof value === 'function') return value as (argument: never) => unknown;
  throw typeError(`${url}: the export '${name}' must be a function, got ${describe(value)}`);
}
