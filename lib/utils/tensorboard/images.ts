/** Makes PNG files of tensors. Source: convert_to_HWC and make_grid of torch/utils/tensorboard/_utils.py. */
import { types } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';

import { assertionError, typeError, valueError } from '../../bindings/errors';
import { describe } from '../../dispatch/arguments';
import { float16, float32, uint8 } from '../../tensor/dtype';
import { zeros } from '../../tensor/factories';
import { cat } from '../../tensor/functions';
import type { Tensor } from '../../tensor/tensor';
import { tupleRepr } from '../python';

/** An image as it is written. */
export interface Image {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly png: Buffer;
}

/** @param dataformats - the order of the dimensions: letters of `NCHW` */
export function imageOf(tensor: Tensor, dataformats: string): Image {
  const image = toHWC(numpyLike(tensor), dataformats);
  const scale = image.dtype === uint8 ? 1 : 255;
  const levels = image.to(float32).mul(scale).clamp(0, 255).to(uint8).contiguous();
  const [height, width, channels] = levels.shape as [number, number, number];
  const pixels = levels.toTypedArray() as Uint8Array;
  return { height, width, channels, png: pngOf(pixels, height, width, channels) };
}

/** The channels of the colour types of PNG. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

/** @throws TypeError unless the value is the content of a PNG file */
export function imageOfPng(value: unknown): Image {
  const isBytes = types.isUint8Array(value) && value.length > 25;
  const png = isBytes ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : undefined;
  if (!png?.subarray(0, SIGNATURE.length).equals(SIGNATURE)) {
    throw typeError(
      `add_figure(): argument 'figure' must be a Uint8Array with a PNG file, which libraries of charts can write, got ${describe(value)}`,
    );
  }
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  return { height, width, channels: CHANNELS[png[25]!] ?? 3, png };
}

/** Returns a tensor on the CPU without a graph, in a dtype that NumPy has. */
export function numpyLike(tensor: Tensor): Tensor {
  const plain = tensor.detach().cpu();
  return String(plain.dtype) === 'torch.bfloat16' ? plain.to(float16) : plain;
}

function toHWC(tensor: Tensor, dataformats: string): Tensor {
  if (new Set(dataformats).size !== dataformats.length) {
    throw assertionError(
      `You can not use the same dimension shorthand twice.             input_format: ${dataformats}`,
    );
  }
  if (tensor.shape.length !== dataformats.length) {
    throw assertionError(
      'size of input tensor and input format are different.         tensor shape: ' +
        `${tupleRepr(tensor.shape)}, input_format: ${dataformats}`,
    );
  }
  const format = dataformats.toUpperCase();
  if (format.length === 4) return grid(permuted(tensor, format, 'NCHW')).permute(1, 2, 0);
  if (format.length === 3) {
    const image = permuted(tensor, format, 'HWC');
    return image.shape[2] === 1 ? cat([image, image, image], 2) : image;
  }
  if (format.length === 2) return permuted(tensor, format, 'HW').unsqueeze(2).expand(-1, -1, 3);
  throw valueError(`dataformats must have 2, 3 or 4 letters, got ${JSON.stringify(dataformats)}`);
}

function permuted(tensor: Tensor, format: string, order: string): Tensor {
  const dims = Array.from(order, (letter) => format.indexOf(letter));
  if (dims.every((dim) => dim >= 0)) return tensor.permute(dims);
  throw valueError(`dataformats must have the letters of ${order}, got ${JSON.stringify(format)}`);
}

/** The images in a row of a grid. */
const COLUMNS = 8;

/** Puts images next to each other. */
function grid(images: Tensor): Tensor {
  const coloured = images.shape[1] === 1 ? cat([images, images, images], 1) : images;
  const [count, channels, height, width] = coloured.shape as [number, number, number, number];
  if (channels !== 3) {
    throw assertionError('Input should be a 4D numpy array with 3 channels');
  }
  const columns = Math.min(count, COLUMNS);
  const rows = Math.ceil(count / columns);
  const canvas = zeros([3, height * rows, width * columns], { dtype: images.dtype, device: 'cpu' });
  for (let at = 0; at < count; at++) {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const place = canvas.narrow(1, row * height, height).narrow(2, column * width, width);
    place.copy_(coloured.index(at));
  }
  return canvas;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** The colour types of PNG by the number of channels. */
const COLOUR_TYPES: Readonly<Record<number, number>> = { 3: 2, 4: 6 };

function pngOf(pixels: Uint8Array, height: number, width: number, channels: number): Buffer {
  const colour = COLOUR_TYPES[channels];
  if (colour === undefined) throw valueError(`an image has 1, 3 or 4 channels, got ${channels}`);
  if (height === 0 || width === 0) throw valueError('an image must have a height and a width');
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, colour], 8);
  const stride = width * channels;
  const rows = Buffer.alloc(height * (stride + 1)); // each row begins with 0: no filter
  for (let row = 0; row < height; row++) {
    rows.set(pixels.subarray(row * stride, (row + 1) * stride), row * (stride + 1) + 1);
  }
  const chunks = [chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND')];
  return Buffer.concat([SIGNATURE, ...chunks]);
}

function chunk(type: string, content: Uint8Array = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(type), content]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  checksum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, checksum]);
}
