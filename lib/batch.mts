/** The entry for `import`. It exports the same objects as batch.ts, the entry for `require`. */
export * from './batch.js';
