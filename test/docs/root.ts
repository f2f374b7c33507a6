import { dirname } from 'node:path';

/** The root of the checkout. */
export const ROOT = dirname(require.resolve('torch-losses/package.json'));
