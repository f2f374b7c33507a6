/** What tests describe calls with: lib/parity's own. */
export * from '../../dist/parity/call';
