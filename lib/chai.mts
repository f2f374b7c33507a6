/** The entry for `import`. It exports the same objects as chai.ts, the entry for `require`. */
export * from './chai.js';
export { torchChai as default } from './chai.js';
