/** What tests make their inputs with: lib/parity's own. */
export * from '../../dist/testing/parity/inputs';
