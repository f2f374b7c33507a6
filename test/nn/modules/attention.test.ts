/** Attention and Transformers: the fast paths, masks, texts and errors, compared with Python. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample, TEXT_OF, textOf } from '../../parity/parity';

const F = nn.functional;
const ones = (...shape: number[]): Tensor => torch.ones(shape);
const causal = nn.Transformer.generate_square_subsequent_mask;
const padding = (): Tensor =>
  torch.tensor([
    [false, false, false, true],
    [false, false, false, false],
    [false, false, true, true],
  ]);

describe('attention against Python', () => {
  it('MultiheadAttention takes the fast path without gradients', () =>
    expectSample(
      {
        source: `
m = nn.MultiheadAttention(8, 4, batch_first=True).eval(); x = torch.randn(3, 4, 8); out = []
pad = torch.tensor([[False, False, False, True], [False] * 4, [False, False, True, True]])
mask = torch.ones(4, 4, dtype=torch.bool).triu(1); per_head = mask.expand(12, 4, 4)
with torch.no_grad():
    for fast in (True, False):
        torch.backends.mha.set_fastpath_enabled(fast)
        out += [m(x, x, x), m(x, x, x, need_weights=False), m(x, x, x, average_attn_weights=False), m(x, x, x, pad),
                m(x, x, x, attn_mask=mask), m(x, x, x, pad, False, mask), m(x, x, x, attn_mask=per_head, need_weights=False),
                m(x, x, x, attn_mask=mask.double().float() * -1e9), m(x, x, x.clone()), m(x[0], x[0], x[0])]
    torch.backends.mha.set_fastpath_enabled(True)
    on = torch.backends.mha.get_fastpath_enabled()`,
        outputs: ['out', 'on', 'repr(m)'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = new nn.MultiheadAttention(8, 4, { batch_first: true }).eval();
        const x = torch.randn(3, 4, 8);
        const pad = padding();
        const attn_mask = torch.ones(4, 4, { dtype: torch.bool }).triu(1);
        const row = x.select(0, 0);
        const out: unknown[] = [];
        torch.no_grad(() => {
          for (const fast of [true, false]) {
            torch.backends.mha.set_fastpath_enabled(fast);
            out.push(
              m(x, x, x),
              m(x, x, x, { need_weights: false }),
              m(x, x, x, { average_attn_weights: false }),
              m(x, x, x, pad),
              m(x, x, x, { attn_mask }),
              m(x, x, x, pad, false, attn_mask),
              m(x, x, x, { attn_mask: attn_mask.expand(12, 4, 4), need_weights: false }),
              m(x, x, x, { attn_mask: attn_mask.double().float().mul(-1e9) }),
              m(x, x, x.clone()),
              m(row, row, row),
            );
          }
          torch.backends.mha.set_fastpath_enabled(true);
        });
        return [out, torch.backends.mha.get_fastpath_enabled(), String(m)];
      },
    ));

  it('Transformer layers take the fast path without gradients, and leave padding out', () =>
    expectSample(
      {
        source: `
out = []; pad = torch.tensor([[False, False, False, True], [False] * 4, [False, False, True, True]])
for activation, norm_first, heads in [('relu', False, 2), ('gelu', False, 2), (nn.GELU(), True, 2), (F.relu, False, 1), (torch.tanh, False, 2)]:
    layer = nn.TransformerEncoderLayer(8, heads, 16, activation=activation, batch_first=True, norm_first=norm_first).eval()
    encoder = nn.TransformerEncoder(layer, 2, nn.LayerNorm(8)).eval()
    x = torch.randn(3, 4, 8); mask = nn.Transformer.generate_square_subsequent_mask(4)
    with torch.no_grad():
        out += [layer(x), layer(x, mask), layer(x, src_key_padding_mask=pad), layer(x, mask < 0, pad), layer(x[0]),
                encoder(x), encoder(x, mask), encoder(x, src_key_padding_mask=pad), encoder(x, mask < 0, pad),
                encoder(x, src_key_padding_mask=pad.flip(1)), encoder(x, mask, is_causal=True)]
    out += [encoder(x, src_key_padding_mask=pad), repr(layer), list(encoder.state_dict())]`,
        outputs: ['out'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const out: unknown[] = [];
        const src_key_padding_mask = padding();
        const activations = [
          ['relu', false, 2],
          ['gelu', false, 2],
          [new nn.GELU(), true, 2],
          [F.relu, false, 1],
          [torch.tanh, false, 2],
        ] as const;
        for (const [activation, norm_first, heads] of activations) {
          const layer = new nn.TransformerEncoderLayer(8, heads, 16, {
            activation: activation as nn.Activation,
            batch_first: true,
            norm_first,
          }).eval();
          const encoder = new nn.TransformerEncoder(layer, 2, new nn.LayerNorm(8)).eval();
          const x = torch.randn(3, 4, 8);
          const mask = causal(4);
          torch.no_grad(() => {
            out.push(
              layer(x),
              layer(x, mask),
              layer(x, { src_key_padding_mask }),
              layer(x, mask.lt(0), src_key_padding_mask),
              layer(x.select(0, 0)),
              encoder(x),
              encoder(x, mask),
              encoder(x, { src_key_padding_mask }),
              encoder(x, mask.lt(0), src_key_padding_mask),
              encoder(x, { src_key_padding_mask: src_key_padding_mask.flip(1) }),
              encoder(x, mask, { is_causal: true }),
            );
          });
          out.push(encoder(x, { src_key_padding_mask }), String(layer));
          out.push([...encoder.state_dict().keys()]);
        }
        return [out];
      },
    ));

  it('Transformer: with masks, in training, and with an encoder of the user’s', () =>
    expectSample(
      {
        source: `
m = nn.Transformer(8, 2, 1, 2, 16, 0.25, 'gelu', batch_first=True, bias=False)
s, t = torch.randn(2, 5, 8), torch.randn(2, 3, 8); mask = m.generate_square_subsequent_mask(3)
y = m(s, t, tgt_mask=mask, src_key_padding_mask=torch.tensor([[False] * 5, [False] * 4 + [True]])); y.square().sum().backward()
n = nn.Transformer(8, 2, custom_encoder=nn.Identity(), custom_decoder=nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 4), 1))
class Encoder(nn.Module):
    def forward(self, src, mask=None, src_key_padding_mask=None, is_causal=None): return src + 1
n.encoder = Encoder()
z = n(s, t.expand(2, 3, 8)[:, :1].expand(2, 5, 8), tgt_is_causal=False)`,
        outputs: ['y', '[p.grad for p in m.parameters()]', 'repr(m)', 'z', 'repr(n)', 'mask'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = new nn.Transformer(
          8,
          2,
          1,
          2,
          16,
          0.25,
          'gelu',
          null,
          null,
          1e-5,
          true,
          false,
          false,
        );
        const [s, t] = [torch.randn(2, 5, 8), torch.randn(2, 3, 8)];
        const mask = causal(3);
        const row = [false, false, false, false];
        const src_key_padding_mask = torch.tensor([
          [...row, false],
          [...row, true],
        ]);
        const y = m(s, t, { tgt_mask: mask, src_key_padding_mask });
        y.square().sum().backward();
        const gradients = [...m.parameters()].map(({ grad }) => grad);
        const layer = new nn.TransformerDecoderLayer(8, 2, 4);
        const n = new nn.Transformer(8, 2, {
          custom_encoder: new nn.Identity(),
          custom_decoder: new nn.TransformerDecoder(layer, 1),
        });
        class Encoder extends nn.Module<[src: Tensor, options: object], Tensor> {
          override forward(src: Tensor): Tensor {
            return src.add(1);
          }
        }
        n.encoder = new Encoder();
        const z = n(s, t.narrow(1, 0, 1).expand(2, 5, 8), { tgt_is_causal: false });
        return [y, gradients, String(m), z, String(n), mask];
      },
    ));

  it('F.scaled_dot_product_attention', () =>
    expectSample(
      {
        source: `
q, k, v = torch.randn(2, 4, 3, 8, requires_grad=True), torch.randn(2, 4, 5, 8), torch.randn(2, 4, 5, 6)
f = F.scaled_dot_product_attention; mask = torch.rand(3, 5) > 0.4; mask[:, 0] = True
out = [f(q, k, v), f(q, k, v, mask), f(q, k, v, mask.float(), scale=0.5), f(q, k, v, is_causal=True), f(q, k, v, None, 0.5),
       f(q, k[:, :2], v[:, :2], enable_gqa=True), f(q[0, 0], k[0, 0], v[0, 0], None, 0.0, True)]
sum(y.sum() for y in out).backward()`,
        outputs: ['out', 'q.grad'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const q = torch.randn(2, 4, 3, 8, { requires_grad: true });
        const [k, v] = [torch.randn(2, 4, 5, 8), torch.randn(2, 4, 5, 6)];
        const f = F.scaled_dot_product_attention;
        const mask = torch.rand(3, 5).gt(0.4);
        mask.select(1, 0).fill_(true);
        const first = (x: Tensor): Tensor => x.index(0, 0);
        const out = [
          f(q, k, v),
          f(q, k, v, mask),
          f(q, k, v, mask.float(), { scale: 0.5 }),
          f(q, k, v, { is_causal: true }),
          f(q, k, v, null, 0.5),
          f(q, k.narrow(1, 0, 2), v.narrow(1, 0, 2), { enable_gqa: true }),
          f(first(q), first(k), first(v), null, 0, true),
        ];
        out
          .map((y) => y.sum())
          .reduce((sum, y) => sum.add(y), torch.tensor(0))
          .backward();
        return [out, q.grad];
      },
    ));

  it('F.multi_head_attention_forward, with static keys and values', () =>
    expectSample(
      {
        source: `
m = nn.MultiheadAttention(8, 2, add_bias_kv=True, add_zero_attn=True)
q, k, sk = torch.randn(3, 2, 8), torch.randn(4, 2, 8), torch.randn(4, 5, 4)
def f(q, k, v, bk, bv, **options):
    return F.multi_head_attention_forward(q, k, v, 8, 2, m.in_proj_weight, m.in_proj_bias, bk, bv, True, 0.5, m.out_proj.weight,
                                          m.out_proj.bias, **options)
out = [f(q, k, k, m.bias_k, m.bias_v), f(q, k, k, None, None, training=False, need_weights=False, static_k=sk, static_v=sk),
       f(q, q, q, m.bias_k, m.bias_v, training=False, attn_mask=torch.ones(3, 3, dtype=torch.bool).triu(1),
         key_padding_mask=torch.zeros(2, 3), average_attn_weights=False)]`,
        outputs: ['out'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = new nn.MultiheadAttention(8, 2, { add_bias_kv: true, add_zero_attn: true });
        const [q, k, sk] = [torch.randn(3, 2, 8), torch.randn(4, 2, 8), torch.randn(4, 5, 4)];
        const f = (
          [query, key]: [Tensor, Tensor],
          [bias_k, bias_v]: (Tensor | null)[],
          options: object,
        ) =>
          F.multi_head_attention_forward(
            query,
            key,
            key,
            8,
            2,
            m.in_proj_weight,
            m.in_proj_bias,
            bias_k!,
            bias_v!,
            true,
            0.5,
            m.out_proj.weight,
            m.out_proj.bias,
            options,
          );
        const biases = [m.bias_k, m.bias_v];
        const fixed = { training: false, need_weights: false, static_k: sk, static_v: sk };
        return [
          [
            f([q, k], biases, {}),
            f([q, k], [null, null], fixed),
            f([q, q], biases, {
              training: false,
              attn_mask: torch.ones(3, 3, { dtype: torch.bool }).triu(1),
              key_padding_mask: torch.zeros(2, 3),
              average_attn_weights: false,
            }),
          ],
        ];
      },
    ));

  it('refuses what Python refuses', () =>
    expectSample(
      {
        source: `${TEXT_OF}
m = nn.MultiheadAttention(4, 2); d = nn.MultiheadAttention(4, 2, kdim=3, vdim=5); x = torch.ones(3, 2, 4); u = torch.ones(3, 4)
t = nn.Transformer(4, 2, 1, 1, 4); e = nn.TransformerEncoder(nn.Identity(), 1, enable_nested_tensor=False)
b = lambda *s: torch.ones(s, dtype=torch.bool)
texts = [text_of(f) for f in [
  lambda: nn.MultiheadAttention(4, 0), lambda: nn.MultiheadAttention(4, 3), lambda: m(x, x, torch.ones(2, 2, 4)),
  lambda: m(u[0], u, u), lambda: m(x, u, u), lambda: m(u, x, x), lambda: m(torch.ones(3, 2, 6), x, x), lambda: m(x, x, x, is_causal=True),
  lambda: m(x, x, x, b(3)), lambda: m(u, u, u, b(3, 1)), lambda: m(x, x, x, attn_mask=b(3)), lambda: m(u, u, u, attn_mask=b(3)),
  lambda: m(x, x, x, attn_mask=b(2, 3)), lambda: m(x, x, x, attn_mask=b(3, 3, 3)), lambda: m(u, u, u, attn_mask=b(1, 3, 3)),
  lambda: m(x, x, x, b(3, 3)), lambda: m(x, x, x, b(2, 2)), lambda: m(x, x, x, attn_mask=torch.ones(3, 3, dtype=torch.long)),
  lambda: d(x, torch.ones(3, 2, 4), torch.ones(3, 2, 5)), lambda: d(x, torch.ones(3, 2, 3), torch.ones(2, 2, 5)),
  lambda: t(x, torch.ones(3, 3, 4)), lambda: t(torch.ones(3, 2, 5), torch.ones(3, 2, 5)), lambda: e(x),
  lambda: nn.TransformerEncoderLayer(4, 2, activation='tanh')]]`,
        outputs: ['texts'],
      },
      () => {
        const m = new nn.MultiheadAttention(4, 2);
        const d = new nn.MultiheadAttention(4, 2, { kdim: 3, vdim: 5 });
        const [x, u] = [ones(3, 2, 4), ones(3, 4)];
        const t = new nn.Transformer(4, 2, 1, 1, 4);
        const e = new nn.TransformerEncoder(new nn.Identity(), 1, null, false);
        const b = (...shape: number[]): Tensor => torch.ones(shape, { dtype: torch.bool });
        const cases = [
          () => new nn.MultiheadAttention(4, 0),
          () => new nn.MultiheadAttention(4, 3),
          () => m(x, x, ones(2, 2, 4)),
          () => m(u.select(0, 0), u, u),
          () => m(x, u, u),
          () => m(u, x, x),
          () => m(ones(3, 2, 6), x, x),
          () => m(x, x, x, { is_causal: true }),
          () => m(x, x, x, b(3)),
          () => m(u, u, u, b(3, 1)),
          () => m(x, x, x, { attn_mask: b(3) }),
          () => m(u, u, u, { attn_mask: b(3) }),
          () => m(x, x, x, { attn_mask: b(2, 3) }),
          () => m(x, x, x, { attn_mask: b(3, 3, 3) }),
          () => m(u, u, u, { attn_mask: b(1, 3, 3) }),
          () => m(x, x, x, b(3, 3)),
          () => m(x, x, x, b(2, 2)),
          () => m(x, x, x, { attn_mask: torch.ones(3, 3, { dtype: torch.long }) }),
          () => d(x, ones(3, 2, 4), ones(3, 2, 5)),
          () => d(x, ones(3, 2, 3), ones(2, 2, 5)),
          () => t(x, ones(3, 3, 4)),
          () => t(ones(3, 2, 5), ones(3, 2, 5)),
          () => e(x),
          () => new nn.TransformerEncoderLayer(4, 2, { activation: 'tanh' as never }),
        ];
        return [cases.map((run) => textOf(run))];
      },
    ));

  it('warns where Python warns', () =>
    expectSample(
      {
        source: `
m = nn.MultiheadAttention(4, 2, batch_first=True); x = torch.ones(1, 2, 4)
y = m(x, x, x, torch.zeros(1, 2, dtype=torch.bool), attn_mask=torch.zeros(2, 2))
es = [nn.TransformerEncoder(layer, 1) for layer in (nn.Identity(), nn.TransformerEncoderLayer(4, 2, 4),
      nn.TransformerEncoderLayer(4, 2, 4, batch_first=True, norm_first=True), nn.TransformerEncoderLayer(4, 1, 4, batch_first=True),
      nn.TransformerEncoderLayer(4, 2, 4, activation=torch.tanh, batch_first=True), nn.TransformerEncoderLayer(4, 2, 4, batch_first=True, bias=False))]`,
        outputs: ['[e.use_nested_tensor for e in es]'],
      },
      () => {
        const m = new nn.MultiheadAttention(4, 2, { batch_first: true });
        const x = ones(1, 2, 4);
        m(x, x, x, torch.zeros(1, 2, { dtype: torch.bool }), { attn_mask: torch.zeros(2, 2) });
        const layer = (heads: number, options: nn.LayerOptions = {}) =>
          new nn.TransformerEncoderLayer(4, heads, 4, options);
        const es = [
          new nn.Identity(),
          layer(2),
          layer(2, { batch_first: true, norm_first: true }),
          layer(1, { batch_first: true }),
          layer(2, { activation: torch.tanh, batch_first: true }),
          layer(2, { batch_first: true, bias: false }),
        ].map((each) => new nn.TransformerEncoder(each, 1));
        return [es.map((e) => e.use_nested_tensor)];
      },
    ));

  it('refuses arguments of other types', () => {
    const m = new nn.MultiheadAttention(4, 2) as unknown as (...args: unknown[]) => unknown;
    const x = ones(3, 2, 4);
    expect(() => m(x, x)).to.throw(TypeError, "missing required argument 'value'");
    expect(() => m(x, x, x, { mask: x })).to.throw(TypeError, "'mask'");
    expect(() => m(x, x, x, 3)).to.throw(TypeError, "'key_padding_mask' must be a Tensor or null");
    expect(() => new nn.TransformerEncoder(3 as never, 1)).to.throw(TypeError, "'encoder_layer'");
    expect(() => new nn.Transformer({ activation: 3 as never })).to.throw(
      TypeError,
      "'activation'",
    );
  });
});
