/** The generators of inputs, from lib/testing/parity. */
export * from '../../dist/testing/parity/inputs';
