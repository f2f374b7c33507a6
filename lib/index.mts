/** The entry of `import`: the same names as index.ts has for `require`, and the same objects. */
export * from './torch.js';
export * as default from './torch.js';
