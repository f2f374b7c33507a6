/** Formats the allocator's statistics as a table: `memory_summary` in torch/cuda/memory.py. */
import { BOOL, DEVICE, nullable, optional, Signature } from '../dispatch/signature';
import { memory_stats } from './memory';
import { type CudaDevice, startedIndexOf } from './state';

type Format = (value: number, first: number) => string;

// All rows of a metric have the same unit, which the first row determines.
function inUnits(units: readonly string[], step: number, most: number, digits: number): Format {
  return (value, first) => {
    const power = units.findIndex((_, i) => i === units.length - 1 || first / step ** i < most);
    return `${String(Math.floor(value / step ** power)).padStart(digits)} ${units[power]}`;
  };
}

const size = inUnits(['B  ', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], 1024, 768 * 1024, 6);
const count = inUnits(['  ', 'K ', 'M '], 1000, 750 * 1000, 7);

const METRICS: readonly (readonly [key: string, name: string, format: Format])[] = [
  ['allocated_bytes', 'Allocated memory', size],
  ['active_bytes', 'Active memory', size],
  ['requested_bytes', 'Requested memory', size],
  ['reserved_bytes', 'GPU reserved memory', size],
  ['inactive_split_bytes', 'Non-releasable memory', size],
  ['allocation', 'Allocations', count],
  ['active', 'Active allocs', count],
  ['segment', 'GPU reserved segments', count],
  ['inactive_split', 'Non-releasable allocs', count],
];
const OVERSIZE = [
  ['oversize_allocations', 'Oversize allocations'],
  ['oversize_segments', 'Oversize GPU segments'],
] as const;
const POOLS = [
  ['large_pool', '      from large pool'],
  ['small_pool', '      from small pool'],
] as const;
const COLUMNS = ['current', 'peak', 'allocated', 'freed'];
const WIDTH = 75;

/** Returns the table for statistics of a device. @internal */
export function summaryOf(
  stats: Record<string, number>,
  device: number,
  abbreviated: boolean,
): string {
  const value = (key: string): number => stats[key] ?? 0;
  const row = (name: string, key: string, firstKey: string, format: Format): string => {
    const cells = COLUMNS.map((column) =>
      format(value(`${key}.${column}`), value(`${firstKey}.${column}`)),
    );
    return ` ${name.padEnd(21)} | ${cells.join(' | ')} `;
  };
  const rule = '-'.repeat(WIDTH);
  const edge = '='.repeat(WIDTH);
  const ooms = String(value('num_ooms')).padEnd(12);
  const retries = String(value('num_alloc_retries')).padEnd(8);
  const lines = [
    edge,
    `${' '.repeat(18)}PyTorch CUDA memory summary, device ID ${String(device).padEnd(17)} `,
    rule,
    `${' '.repeat(12)}CUDA OOMs: ${ooms} | ${' '.repeat(7)}cudaMalloc retries: ${retries}  `,
    edge,
    '        Metric         | Cur Usage  | Peak Usage | Tot Alloc  | Tot Freed  ',
  ];
  for (const [key, name, format] of METRICS) {
    const first = `${key}.all`;
    lines.push(rule, row(name, first, first, format));
    if (abbreviated) continue;
    for (const [pool, title] of POOLS) lines.push(row(title, `${key}.${pool}`, first, format));
  }
  for (const [key, name] of OVERSIZE) lines.push(rule, row(name, key, key, count));
  return [...lines, edge].map((line) => `|${line}|\n`).join('');
}

const SIGNATURE = new Signature('memory_summary', {
  device: nullable(DEVICE),
  abbreviated: optional(BOOL, false),
});

/**
 * Returns the allocator's statistics as a readable table.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory_summary.html
 *
 * @param device - default: the current device
 * @param options.abbreviated - omits the rows of the pools. Default: false
 * @throws the errors of {@link start}, where Python throws a KeyError
 */
export function memory_summary(
  device?: CudaDevice | null,
  options?: boolean | { abbreviated?: boolean },
): string;
export function memory_summary(options?: {
  device?: CudaDevice | null;
  abbreviated?: boolean;
}): string;
export function memory_summary(...args: unknown[]): string {
  const { device, abbreviated } = SIGNATURE.read(args);
  const index = startedIndexOf(device);
  return summaryOf(memory_stats(index), index, abbreviated);
}
