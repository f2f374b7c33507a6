/** Summaries: what the events hold. Source: torch/utils/tensorboard/summary.py. */
import { assertionError, typeError, valueError } from '../../bindings/errors';
import { describe, isOptions } from '../../dispatch/arguments';
import { TENSOR } from '../../dispatch/signature';
import { op } from '../../nn/ops';
import { tensor as makeTensor } from '../../tensor/creation';
import { float64 } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { soundOf } from './audio';
import { type Image, imageOf, imageOfPng, numpyLike } from './images';
import {
  bytes,
  double,
  doubles,
  type Fields,
  float,
  integer,
  message,
  text as textField,
} from './protobuf';

/** The field `summary` of an event. */
export type Summary = Fields;

/** A number, or a tensor of one element. */
export type ScalarValue = number | bigint | Tensor;

const summaryOf = (tag: string, ...content: Fields[]): Summary =>
  message(5, message(1, textField(1, tag), ...content));

/** The field that names the plugin of TensorBoard which shows a value. */
const plugin = (name: string, content: Uint8Array = Buffer.alloc(0)): Fields =>
  message(9, message(1, textField(1, name), ...(content.length ? [bytes(2, content)] : [])));

const DT_FLOAT = 1;
const DT_DOUBLE = 2;
const DT_STRING = 7;

/** Returns the number of a scalar. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  if (!TENSOR.accepts(value)) {
    throw typeError(`a scalar must be a number or a Tensor, got ${describe(value)}`);
  }
  const squeezed = numpyLike(value as Tensor).squeeze();
  if (squeezed.shape.length > 0) {
    throw assertionError(
      `Tensor should contain one element (0 dimensions).             Was given size: ${squeezed.numel()} and ` +
        `${squeezed.shape.length} dimensions.`,
    );
  }
  return squeezed.to(float64).item<number>();
}

export function scalar(
  tag: string,
  value: unknown,
  new_style: boolean,
  double_precision: boolean,
): Summary {
  const number = numberOf(value);
  if (!new_style) return summaryOf(tag, float(2, number));
  const packed = Buffer.alloc(4);
  packed.writeFloatLE(number);
  const content = double_precision
    ? [integer(1, DT_DOUBLE), doubles(6, [number])]
    : [integer(1, DT_FLOAT), bytes(5, packed)];
  return summaryOf(tag, message(8, ...content), plugin('scalars'));
}

export const text = (tag: string, value: string): Summary =>
  summaryOf(
    `${tag}/text_summary`,
    message(8, integer(1, DT_STRING), message(2, message(2, integer(1, 1))), textField(8, value)),
    plugin('text'),
  );

export const image = (tag: string, tensor: Tensor, dataformats: string): Summary =>
  imageSummary(tag, imageOf(tensor, dataformats));

export const figure = (tag: string, png: unknown): Summary => imageSummary(tag, imageOfPng(png));

function imageSummary(tag: string, { height, width, channels, png }: Image): Summary {
  const size = [integer(1, height), integer(2, width), integer(3, channels)];
  return summaryOf(tag, message(4, ...size, bytes(4, png)));
}

export function audio(tag: string, tensor: Tensor, sample_rate: number): Summary {
  const { length, wav } = soundOf(tensor, sample_rate);
  const format = [float(1, sample_rate), integer(2, 1), integer(3, length)];
  return summaryOf(tag, message(6, ...format, bytes(4, wav), textField(5, 'audio/wav')));
}

// --- histograms ------------------------------------------------------------------------------------------------------

const histogramOf = op<(self: Tensor, bins: Tensor) => { hist: Tensor }>('histogram', [
  'bins_tensor',
]);

/** The limits of TensorFlow's bins. */
function tensorflowLimits(): number[] {
  const limits: number[] = [];
  for (let limit = 1e-12; limit < 1e20; limit *= 1.1) limits.push(limit);
  return [...limits.map((limit) => -limit).reverse(), 0, ...limits];
}

/** NumPy's limits of equal bins. */
function equalLimits(count: number, least: number, most: number): number[] {
  const [from, to] = least === most ? [least - 0.5, most + 0.5] : [least, most];
  const step = (to - from) / count;
  return Array.from({ length: count + 1 }, (_, at) => (at === count ? to : at * step + from));
}

/** `'tensorflow'`, a number of equal bins, or the limits of bins. */
export type Bins = 'tensorflow' | number | readonly number[];

export const isBins = (value: unknown): value is Bins =>
  value === 'tensorflow' ||
  (Number.isSafeInteger(value) && (value as number) > 0) ||
  (Array.isArray(value) && value.length > 1 && value.every((limit) => typeof limit === 'number'));

export function histogram(
  tag: string,
  tensor: Tensor,
  bins: Bins,
  max_bins: number | null,
): Summary {
  const values = numpyLike(tensor).to(float64).reshape(-1);
  if (values.numel() === 0) throw valueError('The input has no element.');
  const number = (value: Tensor): number => value.item<number>();
  const [least, most] = [number(values.min()), number(values.max())];
  const given =
    bins === 'tensorflow'
      ? tensorflowLimits()
      : typeof bins === 'number'
        ? equalLimits(bins, least, most)
        : bins;
  const { hist } = histogramOf(values, makeTensor(Float64Array.from(given)));
  const fewer = subsampled(hist.tolist() as number[], given, max_bins);
  const { counts, limits } = occupied(fewer.counts, fewer.limits);
  return summaryOf(
    tag,
    message(
      5,
      ...[least, most, values.numel(), number(values.sum()), number(values.dot(values))].map(
        (value, at) => double(at + 1, value),
      ),
      doubles(6, limits),
      doubles(7, counts),
    ),
  );
}

interface Histogram {
  readonly counts: readonly number[];
  readonly limits: readonly number[];
}

/** Joins bins until there are about `max_bins`. */
function subsampled(
  counts: readonly number[],
  limits: readonly number[],
  max_bins: number | null,
): Histogram {
  if (max_bins === null || counts.length <= max_bins) return { counts, limits };
  const size = Math.floor(counts.length / max_bins);
  const joined = Array.from({ length: Math.ceil(counts.length / size) }, (_, at) =>
    counts.slice(at * size, (at + 1) * size).reduce((sum, count) => sum + count, 0),
  );
  const kept = joined.map((_, at) => limits[at * size]!);
  return { counts: joined, limits: [...kept, limits.at(-1)!] };
}

/** Leaves out empty bins on both sides, but one on the left, whose right limit is the least limit. */
function occupied(counts: readonly number[], limits: readonly number[]): Histogram {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) throw valueError('The histogram is empty, please file a bug report.');
  const last = counts.length - [...counts].reverse().findIndex((count) => count > 0);
  return {
    counts: first > 0 ? counts.slice(first - 1, last) : [0, ...counts.slice(0, last)],
    limits: limits.slice(first, last + 1),
  };
}

// --- hyperparameters -------------------------------------------------------------------------------------------------

const DATA_TYPE_STRING = 1;
const DATA_TYPE_FLOAT64 = 3;
const STATUS_SUCCESS = 1;

/** A `google.protobuf.Value` as a field. */
const valueField = (field: number, value: string | number): Fields =>
  message(field, typeof value === 'string' ? textField(3, value) : double(2, value));

const isText = (value: unknown): value is string => typeof value === 'string';

/** Python's `int`, `float` and `bool` are numbers here. */
function parameterOf(value: unknown): string | number {
  if (isText(value)) return value;
  if (['number', 'bigint', 'boolean'].includes(typeof value)) return numberOf(value);
  if (TENSOR.accepts(value)) return numberOf((value as Tensor).reshape(-1).index(0));
  throw valueError('value should be one of int, float, str, bool, or torch.Tensor');
}

function checkDictionary(name: string, value: unknown): asserts value is Record<string, unknown> {
  if (isOptions(value)) return;
  throw typeError(`parameter: ${name} should be a dictionary, nothing logged.`);
}

/** Returns the three summaries of a run: its parameters and metrics, their values, and its end. */
export function hparams(
  hparam_dict: unknown,
  metric_dict: unknown,
  hparam_domain_discrete: unknown,
): Summary[] {
  checkDictionary('hparam_dict', hparam_dict);
  checkDictionary('metric_dict', metric_dict);
  const domains = hparam_domain_discrete ?? {};
  checkDictionary('hparam_domain_discrete', domains);
  for (const [name, values] of Object.entries(domains)) {
    const kind = typeof hparam_dict[name];
    if (Array.isArray(values) && values.every((value) => kind === typeof value)) continue;
    throw typeError(
      `parameter: hparam_domain_discrete[${name}] should be a list of same type as hparam_dict[${name}].`,
    );
  }
  const infos: Fields[] = [];
  const given: Fields[] = [];
  for (const [name, value] of Object.entries(hparam_dict)) {
    if (value === null || value === undefined) continue;
    const parameter = parameterOf(value);
    given.push(message(1, textField(1, name), valueField(2, parameter)));
    const domain = domains[name] as unknown[] | undefined;
    infos.push(
      message(
        4,
        textField(1, name),
        integer(4, isText(parameter) ? DATA_TYPE_STRING : DATA_TYPE_FLOAT64),
        ...(domain ? [message(5, ...domain.map((each) => valueField(1, parameterOf(each))))] : []),
      ),
    );
  }
  const metrics = Object.keys(metric_dict).map((tag) => message(5, message(1, textField(2, tag))));
  const inPlugin = (tag: string, content: Fields): Summary =>
    summaryOf(`_hparams_/${tag}`, plugin('hparams', content));
  return [
    inPlugin('experiment', message(2, ...infos, ...metrics)),
    inPlugin('session_start_info', message(3, ...given)),
    inPlugin('session_end_info', message(4, integer(1, STATUS_SUCCESS))),
  ];
}
