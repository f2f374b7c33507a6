/**
 * Generates the cases of a loss: all combinations of its row, then any number of random cases. The same seed gives the
 * same cases, so a case is identified by its loss, the seed and its number.
 */
import type { Argument, Call, Options } from './call';
import {
  type DType,
  Input,
  isDifferentiable,
  type Layout,
  Random,
  type TensorOptions,
} from './inputs';
import { type LossRow, nameOf } from './losses';
import { REDUCTIONS } from './losses/row';

/** The dtypes that losses are mainly used with, and other dtypes that some losses accept. */
const MAIN_DTYPES = ['float32', 'float64', 'bfloat16', 'float16'] as const;
const OTHER_DTYPES = ['int64', 'int32', 'uint8', 'bool', 'complex64', 'complex128'] as const;
export const DTYPES: readonly DType[] = [...MAIN_DTYPES, ...OTHER_DTYPES];

const LAYOUTS: Layout[] = ['contiguous', 'transposed', 'strided', 'expanded'];
/** Reductions other than 'none', 'mean' and 'sum': a deprecated name, and names that not every loss accepts. */
const ODD_REDUCTIONS = ['elementwise_mean', 'batchmean', 'average', ''];
const LEGACY = [null, true, false];
const LARGE = [250, 200];
/** The seed for the parameters of a class. */
const PARAMETER_SEED = 0;

/** A generated call, and the properties by which results are grouped. */
export interface LossCase {
  readonly loss: string;
  readonly form: 'functional' | 'module';
  readonly dtype: DType;
  readonly reduction: string;
  readonly layout: Layout;
  /** The names of the given options. */
  readonly options: readonly string[];
  readonly call: Call;
}

/** One combination of values. */
interface Point {
  form: LossCase['form'];
  shape: readonly number[];
  input: TensorOptions;
  target: TensorOptions;
  /** The arguments that require gradients: the first, or all that can. */
  grad: 'first' | 'all';
  kwargs: Options;
  backward: NonNullable<Call['backward']>;
}

function mainOf(dtypes: readonly DType[]): readonly DType[] {
  const main = dtypes.filter((dtype) => (MAIN_DTYPES as readonly DType[]).includes(dtype));
  return main.length ? main : dtypes;
}

const detachAll = (kwargs: Options): Options =>
  Object.fromEntries(
    Object.entries(kwargs).map(([key, value]) => [
      key,
      value instanceof Input ? value.detached() : value,
    ]),
  );

/** Makes a case. Its random numbers are drawn only when it is called. */
export type Maker = () => LossCase;

export class LossCases {
  private readonly forms: readonly LossCase['form'][];
  private readonly reductions: readonly string[];
  /** Draws the random choices that are made while combinations are listed. */
  private readonly source: Random;
  private made = 0;

  /**
   * @param dtypes - the dtypes of inputs
   * @param optionDTypes - the dtypes with which every option is tried. Default: the {@link MAIN_DTYPES} among `dtypes`
   * @param isGuarded - whether kernels check values. On a GPU they do not: a class out of range, or an invalid
   *   probability, ends all GPU work in the process. So no such cases are made then
   */
  constructor(
    private readonly row: LossRow,
    private readonly seed: number,
    private readonly dtypes: readonly DType[] = DTYPES,
    private readonly optionDTypes: readonly DType[] = mainOf(dtypes),
    private readonly isGuarded = true,
  ) {
    this.source = new Random(seed);
    this.forms = (['functional', 'module'] as const).filter((form) => form in row);
    this.reductions = row.reductions ?? REDUCTIONS;
  }

  /** Generates every shape, dtype, reduction, option, memory layout and invalid argument. */
  *grid(): Generator<Maker> {
    yield* this.everyDType();
    yield* this.everyOption();
    yield* this.everyLayout();
    yield* this.large();
    if (this.isGuarded) yield* this.oddArguments();
    yield* this.legacyArguments();
  }

  /** Generates cases in which everything is random. */
  *random(count: number): Generator<Maker> {
    for (let i = 0; i < count; i++) {
      const source = this.nextSource();
      yield () => this.anything(source);
    }
  }

  /** Returns a source of random numbers for one case, so that a case does not depend on which other cases are made. */
  private nextSource(): Random {
    return new Random(Math.imul(this.seed, 0x9e3779b1) + this.made++);
  }

  private case(change: Partial<Point>, args?: readonly Argument[]): Maker {
    const source = this.nextSource();
    return () => this.build(source, change, args);
  }

  private build(source: Random, change: Partial<Point>, given?: readonly Argument[]): LossCase {
    const { row } = this;
    const dtype = this.optionDTypes[0]!;
    const point: Point = {
      form: this.forms[0]!,
      shape: row.shapes[0]!,
      input: { dtype, requires_grad: true },
      target: { dtype, requires_grad: true },
      grad: 'all',
      kwargs: {},
      backward: 'once',
      ...change,
    };
    const { shape, input, target, kwargs } = point;
    const args = given ?? row.inputs(source, shape, input, target);
    const [first] = args;
    return {
      loss: nameOf(row),
      form: point.form,
      dtype: first instanceof Input ? first.dtype : input.dtype!,
      reduction: String(kwargs['reduction'] ?? (this.reductions.length ? 'mean' : '-')),
      layout: first instanceof Input ? first.layout : 'contiguous',
      options: Object.keys(kwargs).filter((name) => name !== 'reduction'),
      call: this.callOf(point, args),
    };
  }

  private callOf(point: Point, args: readonly Argument[]): Call {
    const { form, shape, input, kwargs, backward } = point;
    const { functional, module, construct, fixedTargets } = this.row;
    const grad = fixedTargets ? 'first' : point.grad;
    const wanted = args.map((argument, i) =>
      grad === 'first' && i > 0 && argument instanceof Input ? argument.detached() : argument,
    );
    const options = grad === 'all' ? kwargs : detachAll(kwargs);
    if (form === 'functional') {
      return { callee: `F.${functional}`, args: wanted, kwargs: options, backward };
    }
    const call = { callee: `nn.${module}`, forward: wanted, backward };
    if (!construct) return { ...call, kwargs: options };
    const [own, more] = construct(shape, input);
    return { ...call, args: own, kwargs: { ...more, ...options }, seed: PARAMETER_SEED };
  }

  /** Returns the options with each reduction, or the options alone if the loss has no `reduction`. */
  private reduced(kwargs: Options = {}): Options[] {
    if (!this.reductions.length) return [kwargs];
    return this.reductions.map((reduction) => ({ ...kwargs, reduction }));
  }

  private *everyDType(): Generator<Maker> {
    for (const dtype of this.dtypes) {
      const options = { dtype, requires_grad: isDifferentiable(dtype) };
      const isMain = mainOf(this.dtypes).includes(dtype);
      for (const shape of isMain ? this.row.shapes : this.row.shapes.slice(0, 2)) {
        const change = { shape, input: options, target: options };
        for (const [i, kwargs] of this.reduced().entries()) {
          const form = this.forms[i % this.forms.length]!;
          yield this.case({ ...change, kwargs, form, grad: i % 2 ? 'first' : 'all' });
        }
        yield this.case({ ...change, grad: 'first', backward: 'twice' });
      }
    }
    if (!this.reductions.length) return;
    for (const reduction of ODD_REDUCTIONS) {
      for (const form of this.forms) yield this.case({ form, kwargs: { reduction } });
    }
  }

  /** Generates every value of every option, with every reduction, dtype and form. */
  private *everyOption(): Generator<Maker> {
    const { options = {}, functionalOptions = {}, shapes } = this.row;
    for (const [name, values] of Object.entries({ ...options, ...functionalOptions })) {
      const forms = name in options ? this.forms : this.forms.slice(0, 1);
      for (const dtype of this.optionDTypes) {
        const given = { dtype, requires_grad: true };
        for (const shape of shapes.slice(0, 3)) {
          const change = { shape, input: given, target: given };
          for (const value of values(this.source, shape, given)) {
            for (const kwargs of this.reduced({ [name]: value })) {
              for (const form of forms) yield this.case({ ...change, form, kwargs, grad: 'first' });
            }
            const last = { ...change, form: this.source.pick(forms), kwargs: { [name]: value } };
            yield this.case(last);
            yield this.case({ ...last, grad: 'first', backward: 'twice' });
          }
        }
      }
    }
  }

  private *everyLayout(): Generator<Maker> {
    const dtype = this.optionDTypes[0]!;
    for (const layout of LAYOUTS) {
      for (const shape of this.row.shapes.slice(0, 5)) {
        for (const kwargs of this.reduced()) {
          const input = { dtype, layout, requires_grad: true };
          yield this.case({ shape, kwargs, input, target: input });
          yield this.case({ shape, kwargs, input, grad: 'first' });
        }
      }
    }
  }

  /** Generates inputs that are so large that libtorch divides the work between threads. */
  private *large(): Generator<Maker> {
    if (this.row.construct) return;
    for (const kwargs of this.reduced()) yield this.case({ shape: LARGE, kwargs, grad: 'first' });
  }

  private *oddArguments(): Generator<Maker> {
    for (const dtype of mainOf(this.dtypes)) {
      for (const args of this.row.odd?.(this.source, { dtype, requires_grad: true }) ?? []) {
        for (const kwargs of this.reduced()) yield this.case({ kwargs }, args);
        yield this.case({ form: this.forms.at(-1)!, grad: 'first' }, args);
      }
    }
  }

  private *legacyArguments(): Generator<Maker> {
    if (!this.row.legacy) return;
    for (const size_average of LEGACY) {
      for (const reduce of LEGACY) {
        for (const form of this.forms) {
          yield this.case({ form, kwargs: { size_average, reduce } });
          yield this.case({ form, kwargs: { size_average, reduce, reduction: 'average' } });
        }
      }
    }
  }

  private anything(source: Random): LossCase {
    const { row } = this;
    const form = source.pick(this.forms);
    const shape = source.pick(row.shapes);
    const draw = (): TensorOptions => ({
      dtype: source.pick(mainOf(this.dtypes)),
      layout: source.pick(LAYOUTS),
      special: source.next() < 0.3 && this.isGuarded,
      requires_grad: true,
    });
    const input = draw();
    const target = source.next() < 0.8 ? { ...draw(), dtype: input.dtype! } : draw();
    const available = { ...row.options, ...(form === 'functional' ? row.functionalOptions : {}) };
    const kwargs: Record<string, Argument> = { ...source.pick(this.reduced()) };
    for (const [name, values] of Object.entries(available)) {
      if (source.next() < 0.5) kwargs[name] = source.pick(values(source, shape, input));
    }
    const grad = source.pick(['first', 'all'] as const);
    const backward = source.next() < 0.2 ? 'twice' : 'once';
    return this.build(source, { form, shape, input, target, kwargs, grad, backward });
  }
}
