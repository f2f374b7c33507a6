/** Checks of gradients: functions of tensors, and options. */
import torch, { nn, type Tensor } from 'torch-losses';

declare const x: Tensor;
const { gradcheck, gradgradcheck, GradcheckError } = torch.autograd;

export const isRight: boolean = gradcheck((a: Tensor, b: Tensor) => a.mul(b), [x, x], {
  eps: 1e-4,
});
gradcheck(new nn.MSELoss(), [x, x], { raise_exception: false, fast_mode: true });
gradcheck((a: Tensor) => [a, a.sum()], x);
gradgradcheck((a: Tensor) => a.exp(), x, [x], { gen_non_contig_grad_outputs: true });
gradgradcheck((a: Tensor) => a.exp(), x, { grad_outputs: x });
export const code = (error: InstanceType<typeof GradcheckError>): string => error.code;
// @ts-expect-error a function gives tensors
gradcheck((a: Tensor) => a.item(), x);
// @ts-expect-error not supported
gradcheck((a: Tensor) => a.exp(), x, { check_forward_ad: true });
// @ts-expect-error no such option
gradcheck((a: Tensor) => a.exp(), x, { epsilon: 1 });
