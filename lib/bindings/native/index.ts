/**
 * All calls that native/addon.cc exports, with their types. Each of the other files here declares one group of them.
 *
 * A tensor is passed as its {@link Handle}, a number. A tensor result is a new handle, which the caller must wrap at
 * once. The types here are not checked at run time: callers check arguments first, with messages that name them.
 *
 * This file only loads the addon. lib/hooks.ts sets the functions that the native side calls.
 */
import { loadAddon } from '../libtorch/load';
import type { NativeAutocast } from './autocast';
import type { NativeAutograd } from './autograd';
import type { NativeCuda } from './cuda';
import type { NativeDistributed } from './distributed';
import type { NativeEnvironment } from './environment';
import type { NativeGenerators } from './generators';
import type { NativeHandles } from './handles';
import type { NativeHooks } from './hooks';
import type { NativeJobs } from './jobs';
import type { NativeKernels } from './kernels';
import type { NativeLinearLosses, NativeLosses } from './losses';
import type { NativeMemory } from './memory';
import type { NativeOperators } from './operators';
import type { NativeProcess } from './process';
import type { NativeScripts } from './scripts';
import type { NativeSharing } from './sharing';
import type { NativeStreams } from './streams';
import type { NativeTensors } from './tensors';

export interface Native
  extends NativeEnvironment,
    NativeHandles,
    NativeMemory,
    NativeSharing,
    NativeTensors,
    NativeProcess,
    NativeAutograd,
    NativeHooks,
    NativeAutocast,
    NativeCuda,
    NativeStreams,
    NativeOperators,
    NativeGenerators,
    NativeLosses,
    NativeLinearLosses,
    NativeKernels,
    NativeScripts,
    NativeDistributed,
    NativeJobs {}

const loaded = loadAddon();

/** The addon, as loaded in this thread. */
export const native = loaded.addon as Native;

/** The libtorch that the addon uses. */
export const { libtorch } = loaded;

export type { NativeCommHook, NativeGroup, NativeReducer, NativeStore } from './distributed';
export type { NativeGenerator } from './generators';
export type { NativeJob } from './jobs';
export type {
  MarshalledLinearCrossEntropyOptions,
  MarshalledReduction,
  NativeLosses,
} from './losses';
export type { Kind, OperatorSchema, SchemaArgument } from './operators';
export type { Modes } from './process';
export type { NativeEvent } from './streams';
