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

const { lr_scheduler } = optim;
const scheduler: optim.lr_scheduler.StepLR = new lr_scheduler.StepLR(optimizer, 7, { gamma: 0.5 });
new lr_scheduler.StepLR(optimizer, 7, 0.5, 3);
new lr_scheduler.StepLR(optimizer, { step_size: 7 });
new lr_scheduler.CosineAnnealingLR(optimizer, 100);
new lr_scheduler.OneCycleLR(optimizer, 0.1, { epochs: 3, steps_per_epoch: 100 });
const plateau = new lr_scheduler.ReduceLROnPlateau(optimizer, 'min', { patience: 3 });
new lr_scheduler.SequentialLR(optimizer, [scheduler, new lr_scheduler.LinearLR(optimizer)], [3]);
scheduler.step();
plateau.step(x);
export const rates: (number | Tensor)[] = scheduler.get_last_lr();
scheduler.load_state_dict(scheduler.state_dict());
// @ts-expect-error the size of a step is missing
new lr_scheduler.StepLR(optimizer);
// @ts-expect-error no such option
new lr_scheduler.StepLR(optimizer, 7, { factor: 0.5 });
// @ts-expect-error a metric is missing
plateau.step();
// @ts-expect-error no such schedule
new lr_scheduler.CyclicLR(optimizer, 0.1, 0.2, { mode: 'square' });

const average: optim.swa_utils.AveragedModel<nn.Linear> = new optim.swa_utils.AveragedModel(model, {
  multi_avg_fn: optim.swa_utils.get_ema_multi_avg_fn(0.99),
});
average.update_parameters(model);
export const averaged: Tensor = average(x);
export const weight: Tensor = average.module.weight;
new optim.swa_utils.SWALR(optimizer, 0.05, { anneal_epochs: 5 });
// @ts-expect-error a model, not an optimizer
new optim.swa_utils.AveragedModel(optimizer);
export const copy: nn.Linear = torch.deepcopy(model);

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

new optim.AdamW(model.parameters(), { lr: 1e-3, weight_decay: 0.1, fused: true });
new optim.Adam([x], 1e-3, [0.9, 0.99], { amsgrad: true });
new optim.RMSprop([x], 1e-3, 0.9, 1e-8, 0, 0.5, true, false, null, true);
new optim.LBFGS([x], { line_search_fn: 'strong_wolfe' }).step(() => x.sum());
new optim.Adafactor([x], { eps: [null, 1e-3] });
// @ts-expect-error given twice
new optim.Adam([x], 1e-3, { lr: 1e-3 });
// @ts-expect-error AdamW's decay is decoupled always
new optim.AdamW([x], { decoupled_weight_decay: false });
// @ts-expect-error no such line search
new optim.LBFGS([x], { line_search_fn: 'wolfe' });
export const awaited: Promise<Tensor> = optimizer.stepAsync(async () => x.sum());
optimizer.register_step_post_hook((stepped) => stepped.state).remove();
