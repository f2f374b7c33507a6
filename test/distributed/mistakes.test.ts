/** Groups that are made or used wrongly, in Node, in Python and mixed: every process gets an error, with Python's text. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { temporaryFolder } from '../support/folder';
import { freePort, runRanks } from './ranks';

type Call = readonly [name: string, dtype: string, shape: readonly number[]];

interface Case {
  readonly what: string;
  /** The rank and world size that each process gives. */
  readonly places: readonly (readonly number[])[];
  /** What each calls in the group. */
  readonly calls: readonly (readonly Call[])[];
  /** In seconds. */
  readonly timeout: number;
}

interface Outcome {
  readonly value?: unknown;
  readonly error?: string;
  readonly text?: string | undefined;
}

const SUM: Call = ['sum', 'float32', [2]];

// A failed attempt counts in the names of groups, in Python as here. So those before 'nothing wrong' fail in all processes.
const PLACES: readonly Case[] = [
  { what: 'two ranks alike', places: [[0, 3], [1, 3], [1, 3]] },
  { what: 'two first ranks', places: [[0, 3], [0, 3], [1, 3]] },
  { what: 'too few', places: [[0, 4], [1, 4], [2, 4]] },
  { what: 'nothing wrong', places: [[0, 3], [1, 3], [2, 3]] },
  { what: 'too many', places: [[0, 2], [1, 2], [2, 2]] },
  { what: 'different world sizes', places: [[0, 2], [1, 3], [2, 3]] },
].map((each) => ({ ...each, calls: [[SUM], [SUM], [SUM]], timeout: 2 }) as Case); // biome-ignore format: a table

const CALLS: readonly Case[] = [
  { what: 'different dtypes', calls: [[SUM], [['sum', 'float64', [2]]]] },
  { what: 'different shapes', calls: [[SUM], [['sum', 'float32', [3]]]] },
  { what: 'different numbers of dimensions', calls: [[SUM], [['sum', 'float32', [2, 1]]]] },
  { what: 'different collectives', calls: [[SUM], [['broadcast', 'float32', [2]]]] },
  { what: 'a barrier beside a collective', calls: [[['barrier', 'float32', []]], [SUM]] },
  { what: 'dtypes of a gather', calls: [[['all_gather', 'int32', [2]]], [['all_gather', 'int64', [2]]]] },
  { what: 'different numbers of collectives', calls: [[SUM, SUM, SUM], [SUM, SUM]] },
  { what: 'a collective after an error', calls: [[['max', 'int8', [1]], SUM], [['max', 'int32', [1]], SUM]] },
].map((each) => ({ ...each, places: [[0, 2], [1, 2]], timeout: 3 }) as Case); // biome-ignore format: a table

/** Ports and seconds differ. */
const masked = (text?: string): string | undefined =>
  text?.replace(/port: \d+/, 'port: PORT').replace(/after \d+ seconds/, 'after SECONDS seconds');

/** What a process sees if another one was faster; and the rank of one that is too many, which is refused at once here. */
const CHANCE =
  /Connection was likely closed|by peer|failed to connect|timed out|must be from 0 to 1, got 2/;

describe('groups that are made or used wrongly', function () {
  this.timeout(120_000);
  const file = temporaryFolder();

  /** Returns what each process saw in each case. */
  async function outcomesOf(
    cases: readonly Case[],
    language: string,
    environment: NodeJS.ProcessEnv = {},
  ): Promise<Outcome[][][]> {
    const programs = [...language].map((letter) =>
      letter === 'n' ? 'mistakes.js' : 'mistakes.py',
    );
    const located = [];
    for (const each of cases) located.push({ ...each, port: await freePort() });
    writeFileSync(file(`${language}.cases`), JSON.stringify(located));
    const args = (rank: number): string[] =>
      ['cases', 'control', rank].map((name) => file(`${language}.${name}`));
    const ended = await runRanks(programs, args, environment);
    for (const { code, output } of ended) expect(code, output).to.equal(0);
    const results: Outcome[][][] = programs.map((_, rank) =>
      JSON.parse(readFileSync(file(`${language}.${rank}`), 'utf8')),
    );
    return cases.map((_, index) =>
      results.map((result) => result[index]!.map((each) => ({ ...each, text: masked(each.text) }))),
    );
  }

  it('fail in each process within the time-out as in Python, and can then be made', async () => {
    const [found, expected] = await Promise.all(
      ['nnn', 'ppp'].map((language) => outcomesOf(PLACES, language)),
    );
    for (const [index, { what }] of PLACES.entries()) {
      const [ours, pythons] = [found![index]!, expected![index]!];
      for (const outcomes of [ours, pythons]) {
        const errors = outcomes.filter((each) => each.at(-1)!.error);
        expect(errors, what).to.have.lengthOf({ 'nothing wrong': 0, 'too many': 1 }[what] ?? 3);
      }
      // Whether they connect, and what then waits, is left to chance.
      if (what === 'different world sizes') continue;
      const known = pythons.flat().map(({ text }) => text);
      for (const { text } of ours.flat()) {
        if (!CHANCE.test(text ?? '')) expect(known, what).to.include(text);
      }
    }
  });

  it('tell each process what differs with TORCH_DISTRIBUTED_DEBUG=DETAIL, in the words of Python', async () => {
    const environment = { TORCH_DISTRIBUTED_DEBUG: 'DETAIL' };
    const [expected, ...found] = await Promise.all(
      ['pp', 'nn', 'np'].map((language) => outcomesOf(CALLS, language, environment)),
    );
    for (const outcomes of found) {
      for (const [index, { what }] of CALLS.entries()) {
        expect(outcomes[index], what).to.deep.equal(expected![index]);
        const errors = outcomes[index]!.flat().filter(({ error }) => error);
        expect(errors, what).to.have.lengthOf(/numbers of coll/.test(what) ? 1 : 2);
      }
    }
  });
});
