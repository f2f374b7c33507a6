/** Modules of TorchScript: native/scripts/. A module is passed by the handle of its holder, a tensor without elements. */
import type { Handle, OptionalHandle } from '../handle';

export interface ScriptDescription {
  /** The name of the Python class. */
  name: string;
  /** In the order of their slots. */
  attributes: {
    name: string;
    kind: 'parameter' | 'buffer' | 'module' | 'value';
    /** For a tensor: the same number for the same tensor. */
    identity?: number | bigint;
  }[];
  methods: { name: string; parameters: { name: string; type: string }[] }[];
}

/** A value as lib/jit/values.ts encodes it. */
export type Encoded = unknown;

export interface NativeScripts {
  script_load(path: string, device: string | null): Handle;
  /** @param bytes - the file's bytes, as a tensor */
  script_load_bytes(bytes: Handle, device: string | null): Handle;
  script_save(module: Handle, path: string): void;
  script_copy(module: Handle): Handle;
  script_describe(module: Handle): ScriptDescription;
  /** Returns an attribute, encoded; a submodule as its handle. A tensor that is `known` is encoded as the argument 0. */
  script_get(module: Handle, slot: number, known: OptionalHandle): Encoded;
  script_set(module: Handle, slot: number, value: Encoded): void;
  /** Calls a method. The last values are those of `names`. */
  script_call(
    module: Handle,
    method: string,
    values: readonly Encoded[],
    names: readonly string[],
  ): Encoded;
}
