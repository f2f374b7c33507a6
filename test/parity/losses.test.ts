/**
 * Every loss, functional and class, against Python: values, gradients, dtypes, shapes, warnings and
 * errors, to the last bit.
 */
import {
  type DType,
  Input,
  isDifferentiable,
  type Layout,
  Random,
  type TensorOptions,
} from '../support/data';
import type { Argument, Call, Options } from './case';
import { LEGACY, LOSSES, type LossRow, ODD_REDUCTIONS, REDUCTIONS } from './losses.table';
import { expectParity } from './parity';

const MAIN: DType[] = ['float32', 'float64', 'bfloat16', 'float16'];
const OTHER: DType[] = ['int64', 'int32', 'uint8', 'bool', 'complex64', 'complex128'];
const LAYOUTS: Layout[] = ['contiguous', 'transposed', 'strided', 'expanded'];
const LARGE = [250, 200];
/** Cases with every axis drawn at random, for each row. */
const RANDOM_CASES = 90;

/** One point of a row's space. */
interface Point {
  form: 'functional' | 'module';
  shape: readonly number[];
  input: TensorOptions;
  target: TensorOptions;
  /** Which arguments need gradients: the first one, or all that can. */
  grad: 'first' | 'all';
  kwargs: Options;
  backward: NonNullable<Call['backward']>;
}

const FORMS = ['functional', 'module'] as const;

function callOf(row: LossRow, point: Point, args: readonly Argument[]): Call {
  const { form, kwargs, backward } = point;
  const grad = row.fixedTargets ? 'first' : point.grad;
  const wanted = args.map((argument, i) =>
    grad === 'first' && i > 0 && argument instanceof Input ? argument.detached() : argument,
  );
  const options = grad === 'all' ? kwargs : detachAll(kwargs);
  return form === 'functional'
    ? { callee: `F.${row.functional}`, args: wanted, kwargs: options, backward }
    : { callee: `nn.${row.module}`, kwargs: options, forward: wanted, backward };
}

const detachAll = (kwargs: Options): Options =>
  Object.fromEntries(
    Object.entries(kwargs).map(([key, value]) => [
      key,
      value instanceof Input ? value.detached() : value,
    ]),
  );

class Cases {
  readonly calls: Call[] = [];
  private readonly random: Random;

  constructor(
    private readonly row: LossRow,
    seed: number,
  ) {
    this.random = new Random(seed);
    this.everyDType();
    this.everyOption();
    this.everyLayout();
    this.large();
    this.oddArguments();
    this.legacyArguments();
    for (let i = 0; i < RANDOM_CASES; i++) this.anything();
  }

  private add(change: Partial<Point>, args?: readonly Argument[]): void {
    const point: Point = {
      form: 'functional',
      shape: this.row.shapes[0]!,
      input: { requires_grad: true },
      target: { requires_grad: true },
      grad: 'all',
      kwargs: {},
      backward: 'once',
      ...change,
    };
    const { shape, input, target } = point;
    this.calls.push(
      callOf(this.row, point, args ?? this.row.inputs(this.random, shape, input, target)),
    );
  }

  /** Every shape in every reduction, in every dtype a loss is used with, and in the others. */
  private everyDType(): void {
    for (const dtype of [...MAIN, ...OTHER]) {
      const options = { dtype, requires_grad: isDifferentiable(dtype) };
      const shapes = MAIN.includes(dtype) ? this.row.shapes : this.row.shapes.slice(0, 2);
      const reductions = [...REDUCTIONS, ...(this.row.reductions ?? [])];
      for (const shape of shapes) {
        for (const [i, reduction] of reductions.entries()) {
          const change = { shape, input: options, target: options, kwargs: { reduction } };
          this.add({ ...change, form: FORMS[i % 2]!, grad: i % 2 ? 'first' : 'all' });
        }
        this.add({ shape, input: options, target: options, grad: 'first', backward: 'twice' });
      }
    }
    for (const reduction of [...ODD_REDUCTIONS, ...(this.row.reductions ?? [])]) {
      for (const form of FORMS) this.add({ form, kwargs: { reduction } });
    }
  }

  /** Every value of every option in every reduction and both forms. */
  private everyOption(): void {
    const { options = {}, functionalOptions = {}, shapes } = this.row;
    for (const [name, values] of Object.entries({ ...options, ...functionalOptions })) {
      const forms = name in options ? FORMS : (['functional'] as const);
      for (const shape of shapes.slice(0, 3)) {
        for (const value of values(this.random, shape, { requires_grad: true })) {
          for (const reduction of REDUCTIONS) {
            const kwargs = { [name]: value, reduction };
            for (const form of forms) this.add({ form, shape, kwargs, grad: 'first' });
          }
          const change = { form: this.random.pick(forms), shape, kwargs: { [name]: value } };
          this.add(change);
          this.add({ ...change, grad: 'first', backward: 'twice' });
        }
      }
    }
  }

  private everyLayout(): void {
    for (const layout of LAYOUTS) {
      for (const shape of this.row.shapes.slice(0, 5)) {
        for (const reduction of REDUCTIONS) {
          const options = { layout, requires_grad: true };
          const change = { shape, input: options, kwargs: { reduction } };
          this.add({ ...change, target: options });
          this.add({ ...change, target: { requires_grad: true }, grad: 'first' });
        }
      }
    }
  }

  /** Enough elements that libtorch divides the work between threads. */
  private large(): void {
    const options = { requires_grad: true };
    for (const reduction of REDUCTIONS) {
      const change = { shape: LARGE, kwargs: { reduction }, grad: 'first' } as const;
      this.add({ ...change, input: options, target: options });
    }
  }

  private oddArguments(): void {
    for (const dtype of ['float32', 'float64', 'bfloat16'] as const) {
      for (const args of this.row.odd?.(this.random, { dtype, requires_grad: true }) ?? []) {
        for (const reduction of REDUCTIONS) this.add({ kwargs: { reduction } }, args);
        this.add({ form: 'module', grad: 'first' }, args);
      }
    }
  }

  private legacyArguments(): void {
    if (!this.row.legacy) return;
    for (const size_average of LEGACY) {
      for (const reduce of LEGACY) {
        for (const form of FORMS) {
          this.add({ form, kwargs: { size_average, reduce } });
          this.add({ form, kwargs: { size_average, reduce, reduction: 'average' } });
        }
      }
    }
  }

  private anything(): void {
    const { random, row } = this;
    const form = random.pick(FORMS);
    const shape = random.pick(row.shapes);
    const draw = (): TensorOptions => ({
      dtype: random.pick(MAIN),
      layout: random.pick(LAYOUTS),
      special: random.next() < 0.3,
      requires_grad: true,
    });
    const input = draw();
    const target = random.next() < 0.8 ? { ...draw(), dtype: input.dtype! } : draw();
    const available = { ...row.options, ...(form === 'functional' ? row.functionalOptions : {}) };
    const kwargs: Record<string, Argument> = { reduction: random.pick(REDUCTIONS) };
    for (const [name, values] of Object.entries(available)) {
      if (random.next() < 0.5) kwargs[name] = random.pick(values(random, shape, input));
    }
    const grad = random.pick(['first', 'all'] as const);
    const backward = random.next() < 0.2 ? 'twice' : 'once';
    this.add({ form, shape, input, target, kwargs, grad, backward });
  }
}

describe('parity: losses', function () {
  this.timeout(120_000);

  for (const [i, row] of LOSSES.entries()) {
    it(`${row.functional} and ${row.module}`, async function () {
      const { calls } = new Cases(row, 1000 + i);
      this.test!.title += ` (${calls.length} cases)`;
      await expectParity(calls);
    });
  }
});
