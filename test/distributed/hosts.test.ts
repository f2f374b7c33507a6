/**
 * Two hosts: network namespaces with an interface each, and a link between them. Making them takes root and iproute2; the
 * tests are skipped where that is not allowed, and say why.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../support/folder';
import { FIXTURES, startProcess, startRank } from './ranks';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const NAMES = ['a', 'b'].map((letter) => `torch-losses-${process.pid}-${letter}`);
const ADDRESSES = ['10.201.77.1', '10.201.77.2'];
const LINK = 'link0';
const PORT = '29500';

const ip = (...args: string[]): void =>
  void execFileSync('ip', args, { stdio: 'pipe', encoding: 'utf8' });

/** Makes the hosts. Returns the reason why that is not possible. */
function makeHosts(): string | undefined {
  try {
    for (const name of NAMES) ip('netns', 'add', name);
    const [one, other] = NAMES as [string, string];
    ip('link', 'add', LINK, 'netns', one, 'type', 'veth', 'peer', 'name', LINK, 'netns', other);
    for (const [index, name] of NAMES.entries()) {
      ip('-n', name, 'address', 'add', `${ADDRESSES[index]}/24`, 'dev', LINK);
      ip('-n', name, 'link', 'set', LINK, 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    return undefined;
  } catch (error) {
    return (error as { stderr?: string }).stderr?.trim() || (error as Error).message;
  }
}

function removeHosts(): void {
  for (const name of NAMES) {
    try {
      ip('netns', 'delete', name);
    } catch {
      // It was not made.
    }
  }
}

const on = (host: number): readonly string[] => ['ip', 'netns', 'exec', NAMES[host]!];

const environment = (rank: number): NodeJS.ProcessEnv => ({
  MASTER_ADDR: ADDRESSES[0],
  MASTER_PORT: PORT,
  WORLD_SIZE: '2',
  RANK: `${rank}`,
  GLOO_SOCKET_IFNAME: LINK,
});

describe('a group on two hosts', function () {
  this.timeout(120_000);
  const file = temporaryFolder();

  before(function () {
    const reason = makeHosts();
    if (!reason) return;
    console.log(`      skipped, since network namespaces cannot be made: ${reason}`);
    this.skip();
  });
  after(removeHosts);

  function cut(isCut: boolean): void {
    ip('-n', NAMES[1]!, 'link', 'set', LINK, isCut ? 'down' : 'up');
  }

  it('has a process of Node and one of Python', async () => {
    const sum = ['sum', 'float32', [2]];
    const one = {
      host: ADDRESSES[0],
      port: PORT,
      places: [
        [0, 2],
        [1, 2],
      ],
      calls: [[sum], [sum]],
      timeout: 20,
    };
    writeFileSync(file('cases'), JSON.stringify([one]));
    const args = (rank: number): string[] => ['cases', 'control', `result-${rank}`].map(file);
    const ranks = ['mistakes.js', 'mistakes.py'].map((program, rank) =>
      startRank(program, args(rank), environment(rank), on(rank)),
    );
    for (const [rank, { ended }] of ranks.entries()) {
      const { code, output } = await ended;
      expect(code, output).to.equal(0);
      const result = JSON.parse(readFileSync(file(`result-${rank}`), 'utf8'));
      expect(result).to.deep.equal([[{ value: null }, { value: [2, 2] }]]);
    }
  });

  it('is started by torch-losses run on both, and again if a process is killed', async () => {
    const outcomes = await Promise.all(
      ADDRESSES.map((address, host) => {
        const options = [
          ...['--nnodes', '2', '--nproc', '1', '--max-restarts', '1', '--local-addr', address],
          ...['--rdzv-backend', 'c10d', '--rdzv-endpoint', `${ADDRESSES[0]}:29400`],
          ...['--rdzv-conf', `is_host=${1 - host}`],
        ];
        const program = path.join(FIXTURES, 'restarted.js');
        const command = [process.execPath, MAIN, 'run', ...options, program];
        return startProcess([...on(host), ...command], { GLOO_SOCKET_IFNAME: LINK }).ended;
      }),
    );
    for (const { code, text, output } of outcomes) {
      expect(code, output).to.equal(0);
      expect(text).to.match(/^attempt [01]: 4,4$/);
    }
  });

  it('gets an error within the time-out if the link is cut, and can be made again', async () => {
    const program = `
      const { existsSync } = require('node:fs');
      await dist.init_process_group('gloo', { timeout: 3_000 });
      console.log('up');
      let error;
      while (!error) await dist.all_reduce(torch.ones(100_000)).catch((each) => { error = each; });
      console.log(error.pythonType, error.message);
      const after = await dist.all_reduce(torch.ones(2)).catch((each) => each.pythonType);
      console.log(after);
      await dist.destroy_process_group();
      while (!existsSync(process.argv[1])) await new Promise((resolve) => setTimeout(resolve, 50));
      await dist.init_process_group('gloo', { timeout: 20_000 });
      const t = torch.ones(2);
      await dist.all_reduce(t);
      console.log(t.tolist());`;
    const ranks = [0, 1].map((rank) =>
      startRank(program, [file('mended')], environment(rank), on(rank)),
    );
    const lines = ranks.map(({ child }) => linesOf(child.stdout!));
    await Promise.all(lines.map((each) => each(1)));
    cut(true);
    await Promise.all(lines.map((each) => each(3)));
    expect(existsSync(file('mended'))).to.equal(false);
    cut(false);
    writeFileSync(file('mended'), '');
    for (const { code, text, output } of await Promise.all(ranks.map(({ ended }) => ended))) {
      expect(code, output).to.equal(0);
      const [, error, after, again] = text.split('\n');
      expect(error).to.match(/^RuntimeError .*(Timed out waiting 3000ms|closed by peer)/);
      expect(after).to.equal('RuntimeError');
      expect(again).to.equal('[ 2, 2 ]');
    }
  });
});

/** Returns a function that waits until a stream has had so many lines, or has ended. */
function linesOf(stream: NodeJS.ReadableStream): (count: number) => Promise<void> {
  let text = '';
  let isClosed = false;
  const waiting = new Set<() => void>();
  stream.on('data', (chunk: Buffer) => {
    text += chunk;
    for (const check of waiting) check();
  });
  stream.on('close', () => {
    isClosed = true;
    for (const check of waiting) check();
  });
  const has = (count: number): boolean => isClosed || text.split('\n').length > count;
  return (count) =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!has(count)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
}
