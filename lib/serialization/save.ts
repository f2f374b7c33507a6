/** `torch.save`: the format that Python's `torch.load` reads by default. Source: torch/serialization.py. */
import path from 'node:path';

import { runtimeError, typeError } from '../bindings/errors';
import { INT, option, required, Signature, STRING, typeOf } from '../dispatch/signature';
import { op } from '../nn/ops';
import { Parameter } from '../nn/parameter';
import { sparse_coo, strided } from '../tensor/layout';
import type { Tensor } from '../tensor/tensor';
import { ALIGNMENT } from './archive';
import { type Name, Pickler } from './pickle/pickler';
import { STORAGES } from './rebuild';
import { Storages } from './storages';
import { bytesOf, FileWriter } from './writer';
import { ZipWriter } from './zip_writer';

const PATH = typeOf<string>('a path', STRING.accepts);

export const SAVE = new Signature('save', {
  f: required(PATH),
  pickle_protocol: option(INT, 2),
});

const FORMAT_VERSION = '1';
const ARCHIVE_VERSION = '3\n';

/**
 * Writes an object to a file that Python's `torch.load` reads by default.
 *
 * A Map becomes an OrderedDict, a plain object a dict, an array a list, a frozen array a tuple, a Uint8Array bytes. A key
 * of a plain object that is an integer becomes an int. A number is an int if it is a safe integer and not -0, else a float;
 * `torch.asFloat` makes it a float. Tensors that share memory share a storage in the file.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.save.html
 *
 * ```ts
 * torch.save({ model: model.state_dict(), optimizer: optimizer.state_dict(), epoch: 3 }, 'checkpoint.pt');
 * ```
 *
 * @param f - the path of the file
 * @throws TypeError that names the place of a value that cannot be saved; TorchError (RuntimeError) if tensors view the same
 *   memory as different dtypes; the error of `fs` if the file cannot be written
 */
export function save(obj: unknown, f: string, options?: { pickle_protocol?: 2 }): void;
export function save(obj: unknown, ...args: unknown[]): void {
  const { f, pickle_protocol } = SAVE.read(args);
  if (pickle_protocol !== 2) throw runtimeError('save(): only pickle protocol 2 can be written');
  const storages = new Storages();
  // The first pass finds the tensors, so that the second can say which share memory.
  Pickler.dump(obj, (_, tensor) => forEachPart(tensor, (part) => storages.add(part)));
  storages.plan();
  const pickle = Pickler.dump(obj, (pickler, tensor) => writeTensor(pickler, tensor, storages));
  FileWriter.with(f, (file) => {
    const zip = new ZipWriter(file, ALIGNMENT);
    const folder = path.parse(f).name || 'archive';
    const add = (name: string, bytes: Uint8Array): void =>
      zip.add(`${folder}/${name}`, bytes.length, [bytes]);
    add('data.pkl', pickle);
    add('.format_version', Buffer.from(FORMAT_VERSION));
    add('.storage_alignment', Buffer.from(String(ALIGNMENT)));
    add('byteorder', Buffer.from('little'));
    for (const { elements, dtype, key } of storages.list()) {
      const size = elements.numel() * dtype.itemsize;
      zip.add(`${folder}/data/${key}`, size, bytesOf(elements));
    }
    add('version', Buffer.from(ARCHIVE_VERSION));
    zip.finish();
  });
}

// --- tensors ----------------------------------------------------------------------------------------------------------

const indicesOf = op<(self: Tensor) => Tensor>('_indices');
const valuesOf = op<(self: Tensor) => Tensor>('_values');
const isCoalesced = op<(self: Tensor) => boolean>('is_coalesced');
const COMPRESSED = {
  sparse_csr: ['crow_indices', 'col_indices'],
  sparse_csc: ['ccol_indices', 'row_indices'],
  sparse_bsr: ['crow_indices', 'col_indices'],
  sparse_bsc: ['ccol_indices', 'row_indices'],
} as const;

/** The strided tensors that a sparse tensor consists of. They are made anew by each call, so the result is kept. */
const partsOfSparse = new WeakMap<Tensor, readonly Tensor[]>();

function sparseParts(tensor: Tensor): readonly Tensor[] {
  const known = partsOfSparse.get(tensor);
  if (known) return known;
  const values = op<(self: Tensor) => Tensor>('values');
  const { layout } = tensor;
  const names = COMPRESSED[layout.name as keyof typeof COMPRESSED];
  if (layout !== sparse_coo && !names) {
    throw typeError(`save(): a tensor of layout ${layout} cannot be saved`);
  }
  const detached = tensor.detach();
  const parts = names
    ? [...names.map((name) => op<(self: Tensor) => Tensor>(name)(detached)), values(detached)]
    : [indicesOf(detached), valuesOf(detached)];
  partsOfSparse.set(tensor, parts);
  return parts;
}

/** Calls `visit` with each strided tensor that has elements on a device. */
function forEachPart(tensor: Tensor, visit: (part: Tensor) => void): void {
  if (tensor.is_meta) return;
  if (tensor.layout === strided) visit(tensor);
  else for (const part of sparseParts(tensor)) visit(part);
}

const utils = (name: string): Name => ['torch._utils', name];

function writeTensor(pickler: Pickler, tensor: Tensor, storages: Storages): void {
  if (tensor instanceof Parameter) {
    pickler.reduce(utils('_rebuild_parameter'), () => {
      writeData(pickler, tensor, false, storages);
      pickler.write(tensor.requires_grad);
      pickler.orderedDict();
    });
  } else {
    writeData(pickler, tensor, tensor.requires_grad, storages);
  }
}

function writeData(
  pickler: Pickler,
  tensor: Tensor,
  requiresGrad: boolean,
  storages: Storages,
): void {
  if (tensor.is_meta) {
    pickler.reduce(utils('_rebuild_meta_tensor_no_storage'), () => {
      pickler.write(tensor.dtype);
      sizes(pickler, tensor.shape);
      sizes(pickler, tensor.stride());
      pickler.write(requiresGrad);
    });
  } else if (tensor.layout === strided) {
    writeStrided(pickler, tensor, requiresGrad, storages);
  } else {
    writeSparse(pickler, tensor, storages);
  }
}

function writeStrided(
  pickler: Pickler,
  tensor: Tensor,
  requiresGrad: boolean,
  storages: Storages,
): void {
  const { storage, key, offset, shape, strides } = storages.place(tensor);
  const { dtype, elements } = storage;
  const typed = STORAGE_CLASSES.get(dtype.name);
  pickler.reduce(utils(typed ? '_rebuild_tensor_v2' : '_rebuild_tensor_v3'), () => {
    pickler.tuple(() => {
      pickler.text('storage');
      pickler.global(typed ? ['torch', typed] : ['torch.storage', 'UntypedStorage']);
      pickler.text(String(key));
      pickler.text(elements.device.name);
      pickler.number(elements.numel() * (typed ? 1 : dtype.itemsize));
    });
    pickler.persistent();
    pickler.number(offset);
    sizes(pickler, shape);
    sizes(pickler, strides);
    pickler.write(requiresGrad);
    pickler.orderedDict();
    if (!typed) pickler.write(dtype);
  });
}

function writeSparse(pickler: Pickler, tensor: Tensor, storages: Storages): void {
  const { layout } = tensor;
  pickler.reduce(utils('_rebuild_sparse_tensor'), () => {
    pickler.write(layout);
    pickler.tuple(() => {
      for (const part of sparseParts(tensor)) writeStrided(pickler, part, false, storages);
      sizes(pickler, tensor.shape);
      if (layout === sparse_coo) pickler.write(isCoalesced(tensor));
    });
  });
}

const STORAGE_CLASSES: ReadonlyMap<string, string> = new Map(
  Object.entries(STORAGES).map(([name, dtype]) => [dtype, name]),
);

function sizes(pickler: Pickler, values: readonly number[]): void {
  pickler.tuple(() => {
    for (const value of values) pickler.number(value);
  });
}
