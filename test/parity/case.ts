/** What tests describe calls with: lib/parity's own. */
export * from '../../dist/testing/parity/call';
