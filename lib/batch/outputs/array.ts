/** Losses as one array: `.npy` or `.safetensors`. */

import { DESCRIPTORS, headOf } from '../../serialization/npy';
import { headBytes, NAMES } from '../../serialization/safetensors_header';
import type { DType } from '../../tensor/dtype';
import { LOSS, lacking, OutputFile, type OutputForm, type OutputFormat } from './file';
import { openSink, type Sink } from './sink';

/** A file with a head, and the elements of the array. */
export class ArrayFile extends OutputFile {
  private constructor(
    path: string,
    sink: Sink,
    private readonly start: number,
    private readonly layout: Layout,
  ) {
    super(path, sink);
  }

  /** @throws TypeError for a dtype that the format has not */
  static async open(path: string, format: OutputFormat, form: OutputForm): Promise<OutputFile> {
    const { dtype, shape, dim } = form;
    const head = (format === 'npy' ? npyHead : safetensorsHead)(dtype, shape);
    const layout = layoutOf(shape, dim, dtype.itemsize);
    const file = new ArrayFile(path, await openSink(path), head.length, layout);
    await file.sink.begin(head, head.length + layout.outer * layout.rows * layout.rowBytes);
    return file;
  }

  async write(row: number, count: number, bytes: Uint8Array): Promise<undefined> {
    const { outer, rows, rowBytes } = this.layout;
    const length = count * rowBytes;
    for (let i = 0; i < outer && length > 0; i++) {
      const position = this.start + (i * rows + row) * rowBytes;
      await this.sink.put(bytes.subarray(i * length, (i + 1) * length), position);
    }
    await this.sink.sync();
  }
}

/** Where rows are: one after another, `outer` times. */
interface Layout {
  readonly outer: number;
  readonly rows: number;
  readonly rowBytes: number;
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

function layoutOf(shape: readonly number[], dim: number, itemsize: number): Layout {
  const rowBytes = product(shape.slice(dim + 1)) * itemsize;
  return { outer: product(shape.slice(0, dim)), rows: shape[dim]!, rowBytes };
}

function npyHead(dtype: DType, shape: readonly number[]): Uint8Array {
  const descriptor = DESCRIPTORS.get(dtype);
  if (!descriptor) throw lacking('numpy', dtype);
  return headOf(descriptor, false, shape);
}

function safetensorsHead(dtype: DType, shape: readonly number[]): Uint8Array {
  const name = NAMES.get(dtype);
  if (!name) throw lacking('safetensors', dtype);
  const size = product(shape) * dtype.itemsize;
  return headBytes({ [LOSS]: { dtype: name, shape, data_offsets: [0, size] } });
}
