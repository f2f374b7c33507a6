/**
 * Records what a program does to a folder, and makes the states in which a crash can leave the folder: what was synced is
 * there; what was not may be there or not.
 */
import fs from 'node:fs/promises';
import path from 'node:path';

type Operation =
  | { readonly kind: 'make' | 'sync' | 'sync folder'; readonly file: string }
  | { readonly kind: 'write'; readonly file: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: string; readonly size: number }
  | { readonly kind: 'rename'; readonly file: string; readonly to: string };

/**
 * What is left after a crash.
 *
 * - `killed`: everything, since only the process ended.
 * - `synced`: only names and contents that were synced.
 * - `renamed`: all names, but only contents that were synced.
 */
export type Crash = 'killed' | 'synced' | 'renamed';

/** The files of a folder, by name. */
export type State = ReadonlyMap<string, Buffer>;

interface Content {
  now: Buffer;
  synced: Buffer;
}

/** Runs a program, and returns what it did to the files of a folder. */
export async function recorded(folder: string, run: () => Promise<unknown>): Promise<Operation[]> {
  const operations: Operation[] = [];
  const probe = await fs.open(folder);
  const handles = Object.getPrototypeOf(probe) as Record<string, (...args: never[]) => unknown>;
  await probe.close();
  const { open, rename } = fs;
  const originals = { ...pick(handles, ['write', 'truncate', 'sync', 'datasync']) };
  const files = new WeakMap<object, string>();
  const note = (operation: Operation): void => {
    const file = path.resolve(operation.file);
    if (file === folder || path.dirname(file) === folder) operations.push(operation);
  };
  // Noted when it is done.
  const wrap = (
    name: string,
    of: (file: string, args: readonly never[], result: never) => Operation,
  ): void => {
    handles[name] = async function (this: object, ...args: never[]) {
      const result = (await originals[name]!.apply(this, args)) as never;
      const file = files.get(this);
      if (file !== undefined) note(of(file, args, result));
      return result;
    };
  };
  const sync = (file: string): Operation =>
    file === folder ? { kind: 'sync folder', file } : { kind: 'sync', file };
  wrap('sync', sync);
  wrap('datasync', sync);
  wrap('truncate', (file, [size]) => ({ kind: 'truncate', file, size: size! }));
  wrap('write', (file, args, result: { bytesWritten: number }) => {
    const [bytes, offset, , at] = args as unknown as [Uint8Array, number, number, number];
    return {
      kind: 'write',
      file,
      at,
      bytes: Buffer.from(bytes.slice(offset, offset + result.bytesWritten)),
    };
  });
  Object.assign(fs, {
    open: async (file: string, flags?: string) => {
      const handle = await open(file, flags);
      files.set(handle, path.resolve(file));
      if (flags === 'w') note({ kind: 'make', file: path.resolve(file) });
      return handle;
    },
    rename: async (file: string, to: string) => {
      await rename(file, to);
      note({ kind: 'rename', file: path.resolve(file), to: path.resolve(to) });
    },
  });
  try {
    await run();
  } finally {
    Object.assign(fs, { open, rename });
    Object.assign(handles, originals);
  }
  return operations;
}

const pick = <T>(from: Record<string, T>, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(names.map((name) => [name, from[name]!]));

/** Returns the folder after a crash that follows these operations. */
export function stateAfter(operations: readonly Operation[], crash: Crash): State {
  const names = new Map<string, Content>();
  let synced = new Map<string, Content>();
  for (const operation of operations) {
    const content = names.get(operation.file);
    switch (operation.kind) {
      case 'make':
        names.set(operation.file, { now: Buffer.alloc(0), synced: Buffer.alloc(0) });
        break;
      case 'write': {
        const { at, bytes } = operation;
        const size = Math.max(content!.now.length, at + bytes.length);
        content!.now = Buffer.concat([content!.now, Buffer.alloc(size - content!.now.length)]);
        bytes.copy(content!.now, at);
        break;
      }
      case 'truncate': {
        const { size } = operation;
        const kept = content!.now.subarray(0, size);
        content!.now = Buffer.concat([kept, Buffer.alloc(size - kept.length)]);
        break;
      }
      case 'sync':
        if (content) content.synced = Buffer.from(content.now);
        break;
      case 'sync folder':
        synced = new Map(names);
        break;
      case 'rename':
        names.set(operation.to, content!);
        names.delete(operation.file);
    }
  }
  const left = crash === 'synced' ? synced : names;
  return new Map(
    [...left].map(([file, { now, synced: safe }]) => [
      path.basename(file),
      crash === 'killed' ? now : safe,
    ]),
  );
}
