/** The entry for `import`. It exports the same names and objects as index.ts, the entry for `require`. */
export * from './torch.js';
export * as default from './torch.js';
