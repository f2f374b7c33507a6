/** Reads the options of `eval`: the loss, its options, dtypes and sizes. */
import { nearest } from '../dispatch/arguments';
import type { SignatureParameter } from '../dispatch/signature';
import type { LossParameter } from '../nn/functional/loss/types';
import type { _Loss } from '../nn/modules/loss/base';
import type { DType } from '../tensor/dtype';
import { UsageError } from './errors';
import type { Styles } from './terminal';

/** A class of losses, as far as the command needs it. */
interface LossClass {
  new (options: object): _Loss<unknown[]>;
  readonly signature: readonly SignatureParameter[];
  readonly functional: {
    readonly options: Readonly<Record<string, LossParameter<unknown, unknown>>>;
    readonly signature: readonly SignatureParameter[];
  };
}

/** What the command sets by options of its own, and what only torch's old programs use. */
const OTHERWISE = ['reduction', 'size_average', 'reduce'];

/** @throws UsageError that names the nearest loss */
export async function lossNamed(name: string): Promise<LossClass> {
  const { nn } = (await import('../index.js')).default;
  const { _Loss } = await import('../nn/modules/loss/base.js');
  const isLoss = (value: unknown): value is LossClass =>
    typeof value === 'function' && value.prototype instanceof _Loss;
  // Only this one is loaded: reading all entries would load all modules.
  const found: unknown = Object.hasOwn(nn, name) ? nn[name as keyof typeof nn] : undefined;
  if (isLoss(found)) {
    if (found.functional) return found;
    throw new UsageError((await import('../batch/losses.js')).refusal(name));
  }
  const losses = Object.entries(nn as object).filter(
    ([, value]) => isLoss(value) && value.functional,
  );
  const names = losses.map(([known]) => known);
  const near = nearest(name, names);
  throw new UsageError(
    `--loss must be one of ${names.join(', ')}, but got ${JSON.stringify(name)}`,
    near && `Did you mean --loss ${near}?`,
  );
}

const optionsOf = ({ signature }: LossClass): SignatureParameter[] =>
  signature.filter(({ name }) => !OTHERWISE.includes(name));

/**
 * Returns the options of a loss from `NAME=VALUE` texts.
 *
 * @throws UsageError that names the option and what it takes
 */
export async function lossOptions(
  Loss: LossClass,
  loss: string,
  given: readonly string[],
): Promise<Record<string, unknown>> {
  const options: Record<string, unknown> = {};
  const known = optionsOf(Loss).map(({ name }) => name);
  for (const text of given) {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    if (!known.includes(name)) {
      const near = nearest(name, known);
      throw new UsageError(
        `${loss} has no option ${JSON.stringify(name)}; it has ${known.join(', ') || 'none'}`,
        near && `Did you mean --option ${near}=VALUE?`,
      );
    }
    if (equals < 0) throw new UsageError(`--option ${name} needs a value: --option ${name}=VALUE`);
    options[name] = await optionValue(Loss, name, text.slice(equals + 1));
  }
  return options;
}

async function optionValue(Loss: LossClass, name: string, text: string): Promise<unknown> {
  const parameter = Loss.functional.options[name]!;
  if (parameter.isBuffer) return tensorIn(name, text);
  const value = parsed(text);
  if (parameter.inConstructor.accepts(value) && typeof value !== 'string') return value;
  throw new UsageError(
    `--option ${name} must be ${parameter.inConstructor.expected}, but got ${JSON.stringify(text)}`,
  );
}

/** Returns a boolean, null or number as Python or JavaScript writes it, and other text as it is. */
function parsed(text: string): unknown {
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  if (text === 'null' || text === 'None') return null;
  return text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
}

/** Returns a tensor from a file, or from numbers separated by commas. */
async function tensorIn(name: string, text: string): Promise<unknown> {
  const { default: torch } = await import('../index.js');
  const numbers = text.split(',').map(Number);
  if (!numbers.some(Number.isNaN)) return torch.tensor(numbers, { dtype: torch.float32 });
  const { wholeTensor } = await import('../batch/inputs.js');
  try {
    return await wholeTensor(name, text);
  } catch (error) {
    throw new UsageError(
      `--option ${name} must be a file or numbers separated by commas: ${(error as Error).message}`,
    );
  }
}

/** Says which inputs and options a loss has. */
export function lossHelp(name: string, Loss: LossClass, { bold }: Styles): string {
  const inputs = Loss.functional.signature.filter(({ required }) => required);
  const rows = optionsOf(Loss).map(({ name: option, default: value }) => {
    const { isBuffer, inConstructor } = Loss.functional.options[option]!;
    const what = isBuffer ? 'a file, or numbers separated by commas' : inConstructor.expected;
    return `  ${`--option ${option}=VALUE`.padEnd(36)} ${what} (default: ${value})`;
  });
  return [
    bold(name),
    '',
    bold('Inputs'),
    ...inputs.map((input) => `  --${kebab(input.name)} FILES`),
    '',
    bold('Options'),
    ...(rows.length ? rows : ['  none']),
    `  --reduction ${'reduction' in Loss.functional.options ? 'mean|sum|none' : ''}`.padEnd(38) +
      ' what the summary shows',
  ].join('\n');
}

/** Returns a parameter's name as an option of a command: `log-probs`. */
export const kebab = (name: string): string => name.replaceAll('_', '-');

/**
 * Returns the dtypes of `DTYPE` and `INPUT=DTYPE` texts; `*` stands for all floating-point inputs.
 *
 * @throws UsageError for what is no dtype
 */
export async function dtypesNamed(given: readonly string[]): Promise<Record<string, DType>> {
  const { dtypes } = await import('../tensor/dtype_table.js');
  return Object.fromEntries(
    given.map((text) => {
      const [name, input = '*'] = text.split('=').reverse();
      const dtype = dtypes.get(name!);
      if (dtype) return [input.replaceAll('-', '_'), dtype];
      throw new UsageError(
        `--dtype must be one of ${[...dtypes.keys()].join(', ')}, but got ${JSON.stringify(name)}`,
      );
    }),
  );
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** @throws UsageError unless the text is a number of bytes, such as 500M */
export function bytes(text: string, option: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([KMG]?)i?B?$/i.exec(text) ?? [];
  if (number !== undefined) return Math.floor(Number(number) * UNITS[unit!.toUpperCase()]!);
  throw new UsageError(
    `${option} must be a size such as 500M or 4G, but got ${JSON.stringify(text)}`,
  );
}

interface PartOptions {
  readonly shard: string | undefined;
  readonly device: string;
}

/**
 * Returns the part of the job to do, and the device: the one that was given, or that of the rank which torchrun has
 * started.
 *
 * @throws UsageError for both a shard and a rank
 */
export function partGiven(
  { shard, device }: PartOptions,
  env: NodeJS.ProcessEnv,
): { shard: string; device: string; isRank: boolean } {
  const { RANK, WORLD_SIZE, LOCAL_RANK } = env;
  if (RANK === undefined) return { shard: shard ?? '1/1', device, isRank: false };
  if (shard !== undefined) {
    throw new UsageError(
      `--shard ${shard} and RANK=${RANK} of the environment exclude each other`,
      'torchrun sets RANK and WORLD_SIZE, which choose the shard.',
    );
  }
  const [rank, count] = [RANK, WORLD_SIZE].map((text) =>
    /^\d{1,9}$/.test(text ?? '') ? Number(text) : -1,
  );
  if (count! < 1) {
    throw new UsageError(
      `WORLD_SIZE must be the number of ranks, since RANK is set, but got ${WORLD_SIZE ?? 'nothing'}`,
    );
  }
  if (rank! < 0 || rank! >= count!) {
    throw new UsageError(`RANK must be from 0 to ${count! - 1}, but got ${RANK}`);
  }
  const own = device === 'cuda' && LOCAL_RANK !== undefined ? `cuda:${LOCAL_RANK}` : device;
  return { shard: `${rank! + 1}/${count}`, device: own, isRank: true };
}
