/** The description of calls, from lib/testing/parity. */
export * from '../../dist/testing/parity/call';
