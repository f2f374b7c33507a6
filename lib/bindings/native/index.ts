/**
 * The one door to C++: everything native/addon.cc exports, typed. The files beside this one declare it, one for each part.
 *
 * A tensor crosses as its {@link Handle}, a number; a result that is a tensor is a new handle, which the caller must
 * wrap at once. Arguments are checked here by type only; what users see is checked before, with names.
 *
 * Opening the addon is all that happens here: lib/hooks.ts sets what the native side calls back.
 */
import { loadAddon } from '../libtorch/load';
import type { NativeAutocast } from './autocast';
import type { NativeAutograd } from './autograd';
import type { NativeCuda } from './cuda';
import type { NativeEnvironment } from './environment';
import type { NativeGenerators } from './generators';
import type { NativeHandles } from './handles';
import type { NativeJobs } from './jobs';
import type { NativeKernels } from './kernels';
import type { NativeLinearLosses, NativeLosses } from './losses';
import type { NativeMemory } from './memory';
import type { NativeOperators } from './operators';
import type { NativeProcess } from './process';
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
    NativeAutocast,
    NativeCuda,
    NativeStreams,
    NativeOperators,
    NativeGenerators,
    NativeLosses,
    NativeLinearLosses,
    NativeKernels,
    NativeJobs {}

const loaded = loadAddon();

/** The addon of this thread. */
export const native = loaded.addon as Native;

/** The libtorch under it. */
export const { libtorch } = loaded;

export type { NativeGenerator } from './generators';
export type { NativeJob } from './jobs';
export type {
  MarshalledLinearCrossEntropyOptions,
  MarshalledReduction,
  NativeLosses,
} from './losses';
export type { Kind, OperatorSchema, SchemaArgument } from './operators';
export type { NativeEvent } from './streams';
