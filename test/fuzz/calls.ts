/** Hostile calls: generates them from a seed, makes them, and checks their errors. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { types } from 'node:util';

import fc from 'fast-check';
import torch, { TorchError } from 'torch-losses';

import { argumentsOfGroup, isOfGroup } from './collectives';
import { Injected } from './constants';
import { OBJECTS_OF_GROUP, ofGroup, renewGroup } from './group';
import { argumentsOf } from './schemas';
import { findSurface, type Surface, type Target } from './surface';
import { TAMPERINGS, tampered } from './tampering';
import { make, matchingTensors, type Spec, specs, usualArguments } from './values';

export interface Call {
  readonly target: string;
  /** The receiver. Null for an instance of the method's class: the one at `pick`, counted through again and again. */
  readonly receiver: Spec | null;
  readonly pick: number;
  readonly args: readonly Spec[];
  readonly tampering: string;
}

/** A call whose error is not documented. */
export interface Finding {
  readonly call: string;
  readonly error: string;
}

const CODES = new Map<string, new (message?: string) => Error>([
  ['ERR_TORCH_TYPE', TypeError],
  ['ERR_TORCH_VALUE', RangeError],
  ['ERR_TORCH_INDEX', RangeError],
  ['ERR_TORCH_RUNTIME', TorchError],
  ['ERR_TORCH_NOT_IMPLEMENTED', TorchError],
  ['ERR_TORCH_ASSERTION', TorchError],
  ['ERR_TORCH_LINALG', TorchError],
  ['ERR_TORCH_ACCELERATOR', TorchError],
  ['ERR_TORCH_OUT_OF_MEMORY', TorchError],
  ['ERR_TORCH_DIST', TorchError],
  ['ERR_TORCH_DIST_BACKEND', TorchError],
  ['ERR_TORCH_DIST_NETWORK', TorchError],
  ['ERR_TORCH_DIST_STORE', TorchError],
  ['ERR_TORCH_DIST_QUEUE_EMPTY', TorchError],
]);

/** Calls whose operators are recorded, to run as one job. */
const RECORDED = /\.prototype\.(forward|step)Async$/;

/** Messages of the JavaScript engine, from before any code of the package runs. */
const LANGUAGE = [
  /^Class constructors? .*cannot be invoked without 'new'/,
  /on a proxy that has been revoked/,
  /on a detached ArrayBuffer$/,
  /'get(PrototypeOf|OwnPropertyDescriptor)?' on proxy/,
];

function isDocumented(error: unknown): boolean {
  if (error instanceof Injected) return true;
  if (!(error instanceof Error)) return false;
  const Class = CODES.get((error as { code?: string }).code ?? '');
  if (Class) return error instanceof Class && 'pythonType' in error;
  if ('syscall' in error) return true; // the file system's
  return LANGUAGE.some((text) => text.test(error.message));
}

/** Returns arguments that fit the declaration of the target, or of the operator that it calls or that has its name. */
function declaredArguments(target: string): fc.Arbitrary<Spec[]> | undefined {
  const [, namespace = 'aten'] = /^ops\.(\w+)\./.exec(target) ?? [];
  const name = target.slice(target.lastIndexOf('.') + 1);
  if (isOfGroup(target) && namespace === 'aten') return argumentsOfGroup(target);
  return argumentsOf(namespace, name, target.includes('.prototype.'));
}

/** More than there are instances. A number stands for the instance at the remainder. */
const INSTANCES = 10_000;

/** Generates and makes calls of this build of the package. */
export class Fuzzer {
  readonly calls: fc.Arbitrary<Call>;
  private readonly surface: Surface = findSurface();
  private readonly targets: ReadonlyMap<string, Target>;
  private instances: unknown[] = [];
  /** Counts the calls that did not throw. It shows whether arguments get past the checks. */
  returned = 0;

  constructor() {
    const { targets, operators } = this.surface;
    this.targets = new Map([...targets, ...operators].map((target) => [target.name, target]));
    this.makeInstances();
    const spec = specs(INSTANCES);
    const few = fc.array(spec, { maxLength: 5 });
    const names = (from: readonly Target[]): fc.Arbitrary<string> =>
      fc.constantFrom(...from.map(({ name }) => name));
    const matching = fc
      .tuple(matchingTensors, fc.array(spec, { maxLength: 3 }))
      .map(([tensors, others]) => [...tensors, ...others]);
    const target = fc.oneof(
      { weight: 3, arbitrary: names(targets) },
      { weight: 1, arbitrary: names(operators) },
      // The forward of every module and the step of every optimizer are few names.
      { weight: 1, arbitrary: names(targets.filter(({ name }) => RECORDED.test(name))) },
      {
        weight: 1,
        arbitrary: names([...targets, ...operators].filter(({ name }) => isOfGroup(name))),
      },
    );
    this.calls = target.chain((name) =>
      fc.record({
        target: fc.constant(name),
        receiver: fc.oneof(
          { weight: 8, arbitrary: fc.constant(null) },
          { weight: 2, arbitrary: spec },
        ),
        pick: fc.nat(),
        args: fc.oneof(
          { weight: 16, arbitrary: declaredArguments(name) ?? usualArguments },
          { weight: 5, arbitrary: usualArguments },
          { weight: 3, arbitrary: few },
          { weight: 3, arbitrary: matching },
          { weight: 1, arbitrary: fc.array(spec, { minLength: 6, maxLength: 30 }) },
        ),
        tampering: fc.oneof(
          { weight: 9, arbitrary: fc.constant('none') },
          { weight: 1, arbitrary: fc.constantFrom(...TAMPERINGS) },
        ),
      }),
    );
  }

  get size(): { functions: number; operators: number } {
    const { targets, operators } = this.surface;
    return { functions: targets.length, operators: operators.length };
  }

  /** Returns a batch of calls. The same seed gives the same batch. */
  batch(seed: number, count: number): Call[] {
    return fc.sample(this.calls, { seed, numRuns: count });
  }

  /** Makes new instances for receivers and arguments, and a process group, and resets the package's settings. */
  async renew(): Promise<void> {
    torch.set_default_device(null);
    torch.set_default_dtype(torch.float32);
    torch.set_printoptions({ profile: 'default' });
    torch.set_grad_enabled(true);
    torch.set_num_threads(1);
    torch.manual_seed(0);
    await renewGroup();
    this.makeInstances();
  }

  private makeInstances(): void {
    const made = inTemporaryFolder(() => this.surface.classes.flatMap(makeInstances));
    this.instances = [...this.surface.values, ...made];
  }

  /**
   * Makes a call.
   *
   * @returns what is wrong with its error, if anything; a promise of that if the call returns a promise
   */
  run(call: Call): Promise<Finding | undefined> | Finding | undefined {
    const target = this.targets.get(call.target)!;
    const receiver = this.receiver(call, target);
    const args = call.args.map((spec) => make(spec, this.instances));
    const isLoose = isOutsideTheContract(call, target, receiver);
    const restore = tampered(call.tampering);
    let result: unknown;
    try {
      result = target.invoke(receiver, args);
    } catch (error) {
      restore();
      return judge(call, error, isLoose);
    }
    restore();
    this.returned++;
    // A result may be a proxy that throws when its class is read.
    if (!types.isPromise(result)) return undefined;
    return (result as Promise<unknown>).then(
      () => undefined,
      (error) => judge(call, error, isLoose),
    );
  }

  private receiver(call: Call, { of }: Target): unknown {
    if (call.receiver) return make(call.receiver, this.instances);
    if (!of) return undefined;
    if (of === torch.Tensor.prototype || Object.prototype.isPrototypeOf.call(of, torch.Tensor)) {
      return torch.arange(12, { dtype: torch.float32 }).reshape(3, 4);
    }
    const fitting = [...this.instances, ...OBJECTS_OF_GROUP.map(ofGroup)].filter(
      (value) =>
        typeof value !== 'string' && Object.prototype.isPrototypeOf.call(of, Object(value)),
    );
    return fitting[call.pick % fitting.length];
  }
}

/** Returns whether any error of JavaScript is acceptable for a call, see the README's guarantees. */
function isOutsideTheContract(
  call: Call,
  { name, of, isStatic }: Target,
  receiver: unknown,
): boolean {
  const isForeign =
    of !== undefined &&
    (call.receiver?.is === 'constant' ||
      !Object.prototype.isPrototypeOf.call(of, Object(receiver)));
  const isOfAnother = isStatic === true && call.receiver !== null;
  const isInternal = /\._[a-z]\w*$/.test(name);
  return call.tampering !== 'none' || isForeign || isOfAnother || isInternal;
}

function judge(call: Call, error: unknown, isLoose: boolean): Finding | undefined {
  if (isDocumented(error) || (isLoose && error instanceof Error)) return undefined;
  const shown = String(error instanceof Error ? error.stack : error);
  return { call: JSON.stringify(call), error: shown };
}

const CONSTRUCTIONS: readonly (() => unknown[])[] = [
  () => [],
  () => [3, 4],
  () => [5, 8, [2, 3]],
  () => [[withGradient(3)], { lr: 0.1 }],
  () => [[withGradient(100, 100)], { lr: 0.1 }],
  () => [torch.ones(3)],
  () => ['cpu'],
];

function withGradient(...shape: number[]): torch.Tensor {
  const parameter = torch.ones(shape, { requires_grad: true });
  parameter.grad = torch.ones(shape);
  return parameter;
}

/** Runs a function in a folder of its own, since some constructors write files. The folder goes with the process. */
function inTemporaryFolder<Result>(run: () => Result): Result {
  const before = process.cwd();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-fuzz-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.chdir(folder);
  try {
    return run();
  } finally {
    process.chdir(before);
  }
}

function makeInstances([, Class]: readonly [string, new (...args: unknown[]) => object]): object[] {
  return CONSTRUCTIONS.flatMap((args) => {
    try {
      return [new Class(...args())];
    } catch {
      return [];
    }
  });
}
