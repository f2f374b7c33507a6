/** Optimizers. */
import torch, { nn, optim, type Tensor } from 'torch-losses';

declare const x: Tensor;
const model = new nn.Linear(2, 3);

const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true });
new optim.SGD(model.named_parameters());
new optim.SGD([x]);
new optim.SGD([x], 0.1);
new optim.SGD([x], 0.1, 0.9, 0, 0, true);
new optim.SGD([x], 0.1, { momentum: 0.9 });
// @ts-expect-error by name only
new optim.SGD([x], 0.1, 0.9, 0, 0, true, true);
new optim.SGD([{ params: [x], lr: 1 }, { params: model.parameters() }], { lr: torch.ones(1) });
optimizer.param_groups[0]!.lr = 0.01;
optimizer.zero_grad();
optimizer.zero_grad({ set_to_none: false });
optimizer.step();
export const loss: Tensor = optimizer.step(() => x.sum());
optimizer.load_state_dict(optimizer.state_dict());
// @ts-expect-error the parameters are missing
new optim.SGD({ lr: 0.1 });
// @ts-expect-error no such option
new optim.SGD([x], { learning_rate: 0.1 });
// @ts-expect-error no such option of a group
new optim.SGD([{ params: [x], learning_rate: 1 }]);
// @ts-expect-error a rate is a number or a tensor
optimizer.param_groups[0]!.lr = 'fast';
// @ts-expect-error a module is no list of parameters
new optim.SGD(model);
