/** The entry for `import`. It does what jest.ts does for `require`. */
export type * from './jest.js';

import './jest.js';
