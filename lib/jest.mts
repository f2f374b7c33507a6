/** The entry of `import`: what jest.ts does for `require`. */
export type * from './jest.js';

import './jest.js';
