import { ArrayFile } from './array';
import type { OutputFile, OutputForm, OutputFormat } from './file';

/** Opens the file of a job's losses. What its format needs is loaded here. */
export async function openOutput(
  path: string,
  format: OutputFormat,
  form: OutputForm,
): Promise<OutputFile> {
  switch (format) {
    case 'npy':
    case 'safetensors':
      return ArrayFile.open(path, format, form);
    case 'parquet':
      return (await import('./parquet.js')).ParquetFile.open(path, form);
    default:
      return (await import('./lines.js')).LinesFile.open(path, format, form);
  }
}
