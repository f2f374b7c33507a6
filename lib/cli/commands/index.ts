import type { Command } from '../command';

/** The commands, in the order of help. Each is imported when it is wanted. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: async () => (await import('./doctor.js')).doctor,
  parity: async () => (await import('./parity.js')).parity,
};
