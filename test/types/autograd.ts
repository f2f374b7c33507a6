/** Functions of autograd. */
import torch, { type FunctionCtx, nn, type Tensor } from 'torch-losses';

declare const x: Tensor;

class Scale extends torch.autograd.Function {
  static forward(ctx: FunctionCtx, input: Tensor, factor: number): Tensor {
    ctx['factor'] = factor;
    ctx.save_for_backward(input, null);
    return input.mul(factor);
  }

  static backward(ctx: FunctionCtx, grad: Tensor): [Tensor, null] {
    return [grad.mul(ctx['factor']), null];
  }
}

class Pair extends torch.autograd.Function {
  static forward(input: Tensor): [Tensor, string] {
    return [input, 'text'];
  }

  static setup_context(ctx: FunctionCtx, inputs: [Tensor]): void {
    ctx.mark_non_differentiable(inputs[0]);
  }
}

export const scaled: Tensor = Scale.apply(x, 2);
export const pair: [Tensor, string] = Pair.apply(x);
// @ts-expect-error a number is missing
Scale.apply(x);
// @ts-expect-error the context is not an argument
Pair.apply({}, x);

x.register_hook((grad) => grad.mul(2)).remove();
x.register_hook(() => {});
// @ts-expect-error no tensor
x.register_hook(() => 3);
x.register_post_accumulate_grad_hook((param) => param.zero_());
x.grad_fn?.register_hook(([first]) => [first!]);

export const matrix: Tensor = torch.autograd.functional.jacobian((v: Tensor) => v.exp(), x);
export const square: Tensor = torch.autograd.functional.hessian((v: Tensor) => v.sum(), x);
torch.autograd.functional.vjp((a: Tensor, b: Tensor) => [a, b], [x, x], [x, x], { strict: true });
export const value: number = torch.autograd.set_detect_anomaly(true, () => 3);

const model = new nn.Linear(2, 2);
export const called: Tensor = torch.func.functional_call(model, { weight: x }, x);
torch.func.functional_call(model, [new Map([['weight', x]])], [x], null, { strict: true });
// @ts-expect-error a module comes first
torch.func.functional_call({ weight: x }, model);
