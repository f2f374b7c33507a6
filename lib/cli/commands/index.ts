import type { Command } from '../command';

/** The commands, in the order of the help. A command is imported when it is called. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: async () => (await import('./doctor.js')).doctor,
  setup: async () => (await import('./setup.js')).setup,
  build: async () => (await import('./build.js')).build,
  parity: async () => (await import('./parity.js')).parity,
  eval: async () => (await import('./eval.js')).evaluation,
  run: async () => (await import('./run.js')).run,
};
