/** Activation layers. */
export * from './curves';
export * from './softmax';
export * from './thresholds';
export * from './units';
