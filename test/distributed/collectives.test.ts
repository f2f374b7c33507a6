/**
 * Every collective with every dtype and operation, in groups of Node and Python processes, beside the same groups of
 * Python processes alone: equal bits, errors and warnings.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { temporaryFolder } from '../support/folder';
import { runRanks } from './ranks';

const DTYPES = [
  'float32', 'float64', 'float16', 'bfloat16', 'uint8', 'int8', 'int16', 'int32', 'int64', 'bool',
  'complex64', 'complex128',
]; // biome-ignore format: a table
const OPERATIONS = ['SUM', 'AVG', 'PRODUCT', 'MIN', 'MAX', 'BAND', 'BOR', 'BXOR', 'PREMUL_SUM'];
const REDUCING = ['all_reduce', 'reduce', 'reduce_scatter', 'reduce_scatter_single'];
const ROOTS: Readonly<Record<string, string>> = {
  broadcast: 'group_src',
  reduce: 'group_dst',
  gather: 'group_dst',
  scatter: 'group_src',
};
const OTHERS = [
  'broadcast', 'all_gather', 'all_gather_single', 'gather', 'scatter', 'all_to_all', 'all_to_all_single', 'uneven',
]; // biome-ignore format: a table

interface Case {
  op: string;
  dtype: string;
  reduce?: string;
  root?: number;
  rootkey?: string;
  group?: string;
  async_op?: boolean;
}

interface Result {
  bits?: string[];
  error?: string;
  text?: string;
  warnings: [string, string][];
}

const rooted = (op: string, root: number): Partial<Case> =>
  ROOTS[op] ? { root, rootkey: ROOTS[op] } : {};

function* cases(): Generator<Case> {
  for (const dtype of DTYPES) {
    for (const op of REDUCING) {
      for (const reduce of OPERATIONS) yield { op, dtype, reduce, ...rooted(op, 1) };
    }
    for (const op of OTHERS) {
      for (const root of ROOTS[op] ? [0, 1] : [0]) yield { op, dtype, ...rooted(op, root) };
      yield { op, dtype, ...rooted(op, 0), group: 'pair', async_op: true };
    }
  }
  yield { op: 'all_gather_into_tensor', dtype: 'float32' };
  yield { op: 'reduce_scatter_tensor', dtype: 'float32', reduce: 'SUM' };
  yield { op: 'broadcast', dtype: 'float32' }; // no root
  yield { op: 'all_reduce', dtype: 'float64', reduce: 'SUM', group: 'pair' };
}

const TABLE = [...cases()];

/** Texts about an argument's type are our own. */
const comparable = ({ text, ...result }: Result): Result =>
  result.error && result.error !== 'TypeError' ? { ...result, text: text! } : result;

describe('collectives in groups of Node and Python', function () {
  this.timeout(240_000);
  const file = temporaryFolder();

  async function table(name: string, programs: readonly string[]): Promise<Result[][]> {
    writeFileSync(file('cases.json'), JSON.stringify(TABLE));
    const results = (rank: number): string => file(`${name}.${rank}.json`);
    const outcomes = await runRanks(programs, (rank) => [file('cases.json'), results(rank)]);
    for (const { code, output } of outcomes) expect(code, output).to.equal(0);
    return programs.map((_, rank) => JSON.parse(readFileSync(results(rank), 'utf8')));
  }

  for (const languages of ['np', 'pnn', 'npnp']) {
    const programs = [...languages].map((letter) => (letter === 'n' ? 'table.js' : 'table.py'));
    it(`equal Python's, ${programs.length} processes: ${programs.join(', ')}`, async () => {
      const mixed = await table(languages, programs);
      const all = programs.map(() => 'table.py');
      const reference = await table(`${languages}-reference`, all);
      for (const [rank, results] of mixed.entries()) {
        for (const [index, result] of results.entries()) {
          const where = `rank ${rank}, ${JSON.stringify(TABLE[index])}`;
          expect(comparable(result), where).to.deep.equal(comparable(reference[rank]![index]!));
        }
      }
      expect(mixed[0]!.filter(({ error }) => error)).not.to.have.lengthOf(0);
    });
  }
});
