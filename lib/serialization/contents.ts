/** Tells files apart by their first bytes, so that an error can name the function that reads one. */
import type { Reader } from './reader';
import { zipEntries } from './zip';

export type Contents = keyof typeof ADVICE | 'unknown';

const ADVICE = {
  torch: 'a file of torch.save: use torch.load',
  torchscript: 'a TorchScript file: use torch.jit.load',
  npz: 'an archive of numpy arrays: use torch.utils.numpy.load',
  zip: 'a zip archive',
  npy: 'a numpy array: use torch.utils.numpy.load',
  safetensors: 'a safetensors file: use torch.safetensors.load_file',
  legacy:
    'in the legacy format of torch.save. Load it in Python, and save it there without ' +
    '_use_new_zipfile_serialization=False',
  pickle: 'a pickle that is no file of torch.save',
} as const;

/** Pickles of torch's legacy format begin with this number. */
const LEGACY = Buffer.from('6cfc9c46f9206aa85019', 'hex');
const LONGEST_HEAD = 32;
const LONGEST_HEADER = 2 ** 32;

export function contentsOf(reader: Reader): Contents {
  const head = Buffer.from(reader.read(0, Math.min(LONGEST_HEAD, reader.size), 'the beginning'));
  const startsWith = (text: string): boolean => head.toString('latin1').startsWith(text);
  if (startsWith('PK\x03\x04') || startsWith('PK\x05\x06')) return archiveOf(reader);
  if (startsWith('\x93NUMPY')) return 'npy';
  const isJson = head.length > 9 && head[8] === 0x7b && head[9] === 0x22;
  if (isJson && head.readBigUInt64LE(0) < LONGEST_HEADER) return 'safetensors';
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) {
    return head.includes(LEGACY) ? 'legacy' : 'pickle';
  }
  return 'unknown';
}

function archiveOf(reader: Reader): Contents {
  let names: string[];
  try {
    names = [...zipEntries(reader).keys()];
  } catch {
    return 'zip';
  }
  const has = (name: string): boolean => names.some((other) => other.endsWith(name));
  if (has('/constants.pkl')) return 'torchscript';
  if (has('/data.pkl')) return 'torch';
  return has('.npy') ? 'npz' : 'zip';
}

/** Describes the kind of a file that a function does not read. Returns undefined if the kind is not known. */
export function adviceOn(reader: Reader): string | undefined {
  const contents = contentsOf(reader);
  return contents === 'unknown' ? undefined : `is ${ADVICE[contents]}`;
}
