/** The entry of `import`: the same names as index.ts has for `require`, and the same objects. */
export * from './namespace.js';
export * as default from './namespace.js';
