// The curves in the picture of each loss. All numbers are results of this addon.
const SAMPLES = 241;

/** Returns samples of a function of one input, and of its derivative. */
function sample(torch, { from, to }, curve) {
  const x = torch.linspace(from, to, SAMPLES, { dtype: torch.float64, requires_grad: true });
  const losses = curve(x);
  losses.sum().backward();
  return { x: x.tolist(), loss: losses.tolist(), gradient: x.grad.tolist() };
}

/**
 * @param {string[]} names names of losses
 * @returns {object} for each loss: the label of the horizontal axis, the fixed values (`given`), and the curves, each
 *   with
 *   a label and points
 */
export function drawCurves(torch, names) {
  const { nn } = torch;
  const float64 = { dtype: torch.float64 };
  const all = (x, value) => torch.full([x.numel()], torch.asFloat(value), float64);
  const classOf = (x, index) => torch.full([x.numel()], index, { dtype: torch.long });
  const none = { reduction: 'none' };
  /** Returns a curve of a loss with input x and a fixed target. */
  const simple = (label, Loss, options, target) => [
    label,
    (x) => new Loss({ ...none, ...options })(x, all(x, target)),
  ];
  /** Returns logits x and 0 of two classes. The first class is the target. */
  const logits = (x) => torch.stack([x, all(x, 0)], 1);
  const binary = (Loss, options = {}) => [
    simple('target 1', Loss, options, 1),
    simple('target 0', Loss, options, 0),
  ];
  const around = { axis: 'input − target', from: -3, to: 3 };
  const logit = { axis: 'input', from: -4, to: 4 };

  const pictures = {
    SmoothL1Loss: {
      ...around,
      curves: [0.5, 1, 2].map((beta) => simple(`beta ${beta}`, nn.SmoothL1Loss, { beta }, 0)),
    },
    HuberLoss: {
      ...around,
      curves: [0.5, 1, 2].map((delta) => simple(`delta ${delta}`, nn.HuberLoss, { delta }, 0)),
    },
    PoissonNLLLoss: {
      axis: 'input, the logarithm of the rate',
      from: -2,
      to: 3,
      curves: [1, 3, 6].map((y) => simple(`target ${y}`, nn.PoissonNLLLoss, {}, y)),
    },
    GaussianNLLLoss: {
      ...around,
      curves: [0.25, 1, 4].map((variance) => [
        `var ${variance}`,
        (x) => new nn.GaussianNLLLoss(none)(x, all(x, 0), all(x, variance)),
      ]),
    },
    CrossEntropyLoss: {
      axis: 'logit of the target’s class; that of the other is 0',
      from: -4,
      to: 6,
      curves: [0, 0.1, 0.3].map((label_smoothing) => [
        `label_smoothing ${label_smoothing}`,
        (x) => new nn.CrossEntropyLoss({ ...none, label_smoothing })(logits(x), classOf(x, 0)),
      ]),
    },
    NLLLoss: negativeLogLikelihood(nn.NLLLoss),
    NLLLoss2d: negativeLogLikelihood(nn.NLLLoss), // the same class, which does not warn
    KLDivLoss: {
      axis: 'probability that the input gives the first of two classes',
      from: 0.01,
      to: 0.99,
      limits: { loss: [0, 2], gradient: [-4, 4] },
      curves: [0.2, 0.5, 0.8].map((p) => [
        `target ${p}`,
        (x) => {
          const input = torch.stack([x, torch.rsub(x, 1)], 1).log();
          const target = torch.tensor([p, 1 - p], float64).expand([x.numel(), 2]);
          return new nn.KLDivLoss(none)(input, target).sum(1);
        },
      ]),
    },
    BCELoss: {
      axis: 'input, a probability',
      from: 0.005,
      to: 0.995,
      limits: { loss: [0, 5], gradient: [-20, 20] },
      curves: [...binary(nn.BCELoss), simple('target 0.5', nn.BCELoss, {}, 0.5)],
    },
    BCEWithLogitsLoss: {
      ...logit,
      curves: [
        ...binary(nn.BCEWithLogitsLoss),
        simple(
          'target 1, pos_weight 3',
          nn.BCEWithLogitsLoss,
          { pos_weight: torch.tensor(3, float64) },
          1,
        ),
      ],
    },
    MultiLabelMarginLoss: {
      axis: 'input of the one target; those of two other classes are 0 and 1',
      from: -2,
      to: 4,
      curves: [
        [
          '',
          (x) => {
            const input = torch.stack([x, all(x, 0), all(x, 1)], 1);
            const target = torch.tensor([[0, -1, -1]]).expand([x.numel(), 3]);
            return new nn.MultiLabelMarginLoss(none)(input, target);
          },
        ],
      ],
    },
    MultiLabelSoftMarginLoss: {
      ...logit,
      axis: 'input of one class',
      curves: [1, 0].map((y) => [
        `target ${y}`,
        (x) => new nn.MultiLabelSoftMarginLoss(none)(x.unsqueeze(1), all(x, y).unsqueeze(1)),
      ]),
    },
    MultiMarginLoss: {
      axis: 'input of the target’s class; that of the other is 0',
      from: -2,
      to: 3,
      curves: [1, 2].map((p) => [
        `p ${p}`,
        (x) => new nn.MultiMarginLoss({ ...none, p })(logits(x), classOf(x, 0)),
      ]),
    },
    SoftMarginLoss: {
      ...logit,
      curves: [1, -1].map((y) => simple(`target ${y}`, nn.SoftMarginLoss, {}, y)),
    },
    CTCLoss: {
      axis: 'logit of the label at each of 6 steps; those of the blank and another label are 0',
      from: -4,
      to: 6,
      curves: [1, 2, 3].map((length) => [
        `${length} ${length === 1 ? 'label' : 'equal labels'}`,
        (x) => {
          const count = x.numel();
          const step = torch.stack([all(x, 0), x, all(x, 0)], 1);
          const log_probs = step.log_softmax(1).unsqueeze(0).expand([6, count, 3]);
          const targets = torch.ones([count, length], { dtype: torch.long });
          const lengths = (steps) => new Array(count).fill(steps);
          return new nn.CTCLoss(none)(log_probs, targets, lengths(6), lengths(length));
        },
      ]),
    },
    HingeEmbeddingLoss: {
      axis: 'input, a distance',
      from: 0,
      to: 2.5,
      curves: [
        simple('target 1', nn.HingeEmbeddingLoss, {}, 1),
        simple('target −1', nn.HingeEmbeddingLoss, {}, -1),
        simple('target −1, margin 2', nn.HingeEmbeddingLoss, { margin: 2 }, -1),
      ],
    },
    CosineEmbeddingLoss: {
      axis: 'angle between the inputs, in degrees',
      from: 0,
      to: 180,
      curves: [
        ['target 1', 1, 0],
        ['target −1', -1, 0],
        ['target −1, margin 0.5', -1, 0.5],
      ].map(([label, y, margin]) => [
        label,
        (x) => {
          const angle = x.mul(Math.PI / 180);
          const right = torch.stack([angle.cos(), angle.sin()], 1);
          const left = torch.tensor([[1, 0]], float64).expand([x.numel(), 2]);
          return new nn.CosineEmbeddingLoss({ ...none, margin })(left, right, all(x, y));
        },
      ]),
    },
    MarginRankingLoss: {
      axis: 'input1 − input2',
      from: -2,
      to: 2,
      curves: [
        ['target 1', 1, 0],
        ['target 1, margin 1', 1, 1],
        ['target −1', -1, 0],
      ].map(([label, y, margin]) => [
        label,
        (x) => new nn.MarginRankingLoss({ ...none, margin })(x, all(x, 0), all(x, y)),
      ]),
    },
    TripletMarginLoss: triplet((margin) => new nn.TripletMarginLoss({ ...none, margin })),
    TripletMarginWithDistanceLoss: triplet(
      (margin) => new nn.TripletMarginWithDistanceLoss({ ...none, margin }),
    ),
    LinearCrossEntropyLoss: {
      axis: 'the one input feature; the weights of three classes are 1, 0 and −1',
      from: -4,
      to: 4,
      curves: [0, 1, 2].map((target) => [
        `target ${target}`,
        (x) => {
          const criterion = new nn.LinearCrossEntropyLoss(1, 3, { ...none, ...float64 });
          const weight = torch.tensor([[1], [0], [-1]], float64);
          torch.no_grad(() => criterion.linear.weight.copy_(weight));
          return criterion(x.unsqueeze(1), classOf(x, target));
        },
      ]),
    },
    AdaptiveLogSoftmaxWithLoss: {
      axis: 'the first of four input features, the others being 1',
      from: -3,
      to: 3,
      curves: [0, 2, 4].map((target) => [
        `target ${target}, ${target < 2 ? 'in the head' : `in cluster ${target / 2}`}`,
        (x) => {
          const options = { div_value: 2, ...float64 };
          const criterion = new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4], options);
          torch.no_grad(() => [...criterion.parameters()].forEach(spread));
          const input = torch.stack([x, all(x, 1), all(x, 1), all(x, 1)], 1);
          return criterion(input, classOf(x, target)).output.neg();
        },
      ]),
    },
  };

  function negativeLogLikelihood(Loss) {
    return {
      axis: 'probability that the input gives the target’s class',
      from: 0.02,
      to: 1,
      limits: { loss: [0, 4], gradient: [-20, 0] },
      curves: [
        [
          '',
          (x) => {
            const input = torch.stack([x, torch.rsub(x, 1)], 1).log();
            return new Loss(none)(input, classOf(x, 0));
          },
        ],
      ],
    };
  }

  function triplet(criterion) {
    return {
      axis: 'distance of the negative from the anchor; that of the positive is 1',
      from: 0.05,
      to: 4,
      curves: [0.5, 1, 2].map((margin) => [
        `margin ${margin}`,
        (x) => {
          const zeros = all(x, 0).unsqueeze(1);
          return criterion(margin)(zeros, all(x, 1).unsqueeze(1), x.unsqueeze(1));
        },
      ]),
    };
  }

  /** Sets a weight to -1, -0.5, 0, 0.5 and 1, with another order in each row. */
  function spread(parameter) {
    const values = torch.arange(parameter.numel()).mul(3).remainder(5).sub(2).div(2);
    parameter.copy_(values.reshape(parameter.shape));
  }

  /** Returns the default picture: the loss over the difference of its two inputs. */
  const pictureOf = (name) =>
    pictures[name] ?? { ...around, curves: [simple('', nn[name], {}, 0)] };

  return Object.fromEntries(
    names.map((name) => {
      const { curves, ...picture } = pictureOf(name);
      const points = curves.map(([label, curve]) => ({ label, ...sample(torch, picture, curve) }));
      return [name, { ...picture, curves: points }];
    }),
  );
}
