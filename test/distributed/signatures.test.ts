/** Parameters of torch.distributed, their order and defaults, compared with Python's inspect.signature. */
import { expect } from 'chai';
import torch from 'torch-losses';
import { askPython } from '../parity/parity';

const DESCRIBE = `
import inspect, torch.distributed as dist
NEW = ('enable_reconfigure', 'weights_only')  # since 2.14
def described(name):
    found = [p for p in inspect.signature(getattr(dist, name)).parameters.values() if not p.name.startswith('_') and p.name not in NEW]
    text = lambda value: str(value) if isinstance(value, dist.ReduceOp.RedOpType) else value
    return [[p.name, None if p.default is p.empty else text(p.default), p.default is p.empty] for p in found]
`;

interface Described {
  readonly name: string;
  readonly default: unknown;
  readonly required: boolean;
}

const members = Object.entries<unknown>({ ...torch.distributed });
const described = members.flatMap(([name, member]) =>
  Object.hasOwn(Object(member), 'signature') && !name.endsWith('Store')
    ? [[name, (member as { signature: readonly Described[] }).signature] as const]
    : [],
);

describe('signatures of torch.distributed', () => {
  it('are those of Python', async () => {
    const names = JSON.stringify(described.map(([name]) => name));
    const [expected] = await askPython(`${DESCRIBE}\nresult = [described(n) for n in ${names}]`, [
      'result',
    ]);
    const found = described.map(([, parameters]) =>
      parameters.map((each) => [
        each.name,
        each.default instanceof torch.distributed.ReduceOp
          ? String(each.default)
          : (each.default ?? null),
        each.required,
      ]),
    );
    expect(found).to.have.lengthOf.at.least(35);
    for (const [index, [name]] of described.entries()) {
      expect(found[index], name).to.deep.equal((expected as unknown[])[index]);
    }
  });

  it('has every name that Python exports, but for those that are named here', async () => {
    const [names] = await askPython(
      `import torch.distributed as dist\nresult = sorted(n for n in dist.__dict__ if n in dist.distributed_c10d.__all__)`,
      ['result'],
    );
    const missing = (names as string[]).filter((name) => !(name in torch.distributed));
    expect(missing.filter((name) => !LEFT_OUT.test(name))).to.deep.equal([]);
  });
});

/** Deprecated functions, option classes of C++, other backends, and what only NCCL or torchcomms has. */
const LEFT_OUT =
  /^(all_(gather|reduce)_coalesced|.*Options|ProcessGroup(Gloo|NCCL\w*|MPI|UCC|XCCL)|BackendConfig|GroupName|reduce_op|split_group|shrink_group|record_comm|gather_into_tensor|gather_single|get_backend_impl|set_timeout)$/;
