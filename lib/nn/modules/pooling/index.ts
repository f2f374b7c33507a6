/** Pooling layers. */
export * from './adaptive';
export * from './average';
export * from './fractional';
export * from './maximum';
export * from './unpooling';
