/** The entry of `import`: the same objects as chai.ts has for `require`. */
export * from './chai.js';
export { torchChai as default } from './chai.js';
