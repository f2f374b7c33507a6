/** Groups that are made or used wrongly, in Node, in Python and mixed: every process gets an error, with Python's text. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { temporaryFolder } from '../support/folder';
import { freePort, runRanks } from './ranks';

type Place = readonly [rank: number, size: number];
type Call = readonly [name: string, dtype: string, shape: readonly number[]];

interface Case {
  readonly what: string;
  /** The rank and world size that each process gives, or null if it stays away. */
  readonly places: readonly (Place | null)[];
  /** What each calls in the group. */
  readonly calls: readonly (readonly Call[])[];
  /** In seconds. */
  readonly timeout: number;
}

interface Outcome {
  readonly value?: unknown;
  readonly error?: string;
  readonly text?: string;
}

const SUM: Call = ['sum', 'float32', [2]];
const THREE: readonly Place[] = [[0, 3], [1, 3], [2, 3]]; // biome-ignore format: a list
const PAIR: readonly Place[] = [[0, 2], [1, 2]]; // biome-ignore format: a list
const sum = (count: number): readonly (readonly Call[])[] => Array(count).fill([SUM]);

const PLACES: readonly Case[] = [
  { what: 'too few', places: [[0, 3], [1, 3], null] },
  { what: 'a rank beyond the world size', places: [[0, 2], [1, 2], [2, 2]] },
  { what: 'two ranks alike', places: [[0, 3], [1, 3], [1, 3]] },
  { what: 'two first ranks', places: [[0, 3], [0, 3], [1, 3]] },
  { what: 'different world sizes', places: [[0, 2], [1, 3], null] },
  { what: 'nothing wrong', places: THREE },
].map((each) => ({ ...each, calls: sum(3), timeout: 2 }) as Case); // biome-ignore format: a table

const CALLS: readonly Case[] = [
  { what: 'different dtypes', calls: [[SUM], [['sum', 'float64', [2]]]] },
  { what: 'different shapes', calls: [[SUM], [['sum', 'float32', [3]]]] },
  { what: 'different numbers of dimensions', calls: [[SUM], [['sum', 'float32', [2, 1]]]] },
  { what: 'different collectives', calls: [[SUM], [['broadcast', 'float32', [2]]]] },
  { what: 'a barrier beside a collective', calls: [[['barrier', 'float32', []]], [SUM]] },
  { what: 'a dtype of a gather', calls: [[['all_gather', 'int32', [2]]], [['all_gather', 'int64', [2]]]] },
  { what: 'another number of collectives', calls: [[SUM, SUM, SUM], [SUM, SUM]] },
  { what: 'a collective after an error', calls: [[SUM, ['max', 'int8', [1]], SUM], [SUM, ['max', 'int16', [1]], SUM]] },
].map((each) => ({ ...each, places: PAIR, timeout: 3 }) as Case); // biome-ignore format: a table

describe('mistakes', function () {
  this.timeout(120_000);
  const file = temporaryFolder();

  async function outcomesOf(
    cases: readonly Case[],
    language: string,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Outcome[][][]> {
    const programs = [...language].map((letter) => (letter === 'n' ? 'mistakes.js' : 'mistakes.py'));
    const located = [];
    for (const each of cases) located.push({ ...each, port: await freePort() });
    writeFileSync(file(`${language}.cases`), JSON.stringify(located));
    const args = (rank: number): string[] =>
      ['cases', 'control', rank].map((name) => file(`${language}.${name}`));
    const ended = await runRanks(programs, args, environment);
    for (const { code, output } of ended) expect(code, output).to.equal(0);
    return programs.map((_, rank) => JSON.parse(readFileSync(file(`${language}.${rank}`), 'utf8')));
  }

  it('show', async () => {
    for (const l of ['nnn', 'ppp']) console.log(JSON.stringify(await outcomesOf(PLACES, l), null, 1));
    for (const l of ['nn', 'pp', 'np'])
      console.log(JSON.stringify(await outcomesOf(CALLS, l, { TORCH_DISTRIBUTED_DEBUG: 'DETAIL' }), null, 1));
  });
});
