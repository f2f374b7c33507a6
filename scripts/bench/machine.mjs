// Describes the machine on which the figures were measured.
import os from 'node:os';

/** @param {{ version: string }} libtorch */
export function describeMachine({ version }) {
  const [{ model }] = os.cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: model.trim(),
    cores: os.availableParallelism(),
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GB`,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    libtorch: version,
  };
}

/** Returns the load average of the last minute. */
export function load() {
  return Number(os.loadavg()[0].toFixed(2));
}
