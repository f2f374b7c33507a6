/** Files that are damaged at random: errors that name the file, no crash, and nothing that looks like a result. */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';
import { evaluate } from 'torch-losses/batch';

import { temporaryFolder } from '../support/folder';

const { numpy } = torch.utils;
const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const FIXTURES = path.join(__dirname, '..', '..', 'test', 'fixtures', 'tables');
const ROUNDS = Number(process.env['BATCH_DAMAGES'] ?? 40);
const SEED = Number(process.env['BATCH_SEED'] ?? Date.now() % 2 ** 31);
const ROWS = 40;

/** Files that other programs made: with dictionaries, levels, statistics and compressed pages. */
const MADE = ['snappy.parquet', 'zstd.parquet', 'pages.parquet', 'deflated.npz', 'lines.jsonl.zst'];
const OWN = ['x.npy', 'x.npz', 'x.safetensors', 'x.pt', 'x.jsonl', 'x.jsonl.gz', 'x.parquet'];
const NAMES = [...OWN, 'flat.parquet', ...MADE];

/** Returns numbers from 0 to 1 that depend on the seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Damages a copy: bits, runs of bytes, sizes, parts that are cut out or repeated, or the end. */
function damaged(bytes: Buffer, random: () => number): Buffer {
  const at = (length = bytes.length): number => Math.floor(random() * length);
  // Headers and footers get half of it.
  const place = (): number =>
    random() < 0.25
      ? at(Math.min(200, bytes.length))
      : random() < 0.33
        ? bytes.length - 1 - at(Math.min(400, bytes.length))
        : at();
  const copy = Buffer.from(bytes);
  switch (at(6)) {
    case 0:
      copy[place()]! ^= 1 << at(8);
      return copy;
    case 1:
      return copy.subarray(0, at());
    case 2:
      for (let i = at(8); i >= 0; i--) copy[place()] = at(256);
      return copy;
    case 3:
      copy.fill(random() < 0.5 ? 0xff : 0, place(), place());
      return copy;
    case 4: {
      const [from, to] = [at(), at()].sort((a, b) => a - b) as [number, number];
      return Buffer.concat([copy.subarray(0, from), copy.subarray(to)]);
    }
    default: {
      const from = at();
      return Buffer.concat([copy.subarray(0, from), copy.subarray(at(from + 1))]);
    }
  }
}

describe('batch: damaged files', function () {
  this.timeout(60_000 + 300 * ROUNDS);
  const file = temporaryFolder();

  before(async () => {
    torch.manual_seed(4);
    const x = torch.randn(ROWS, 5);
    numpy.save(file('x.npy'), x);
    numpy.savez(file('x.npz'), { input: x });
    torch.safetensors.save_file({ input: x }, file('x.safetensors'));
    torch.save(x, file('x.pt'));
    const text = (x.tolist() as number[][]).map((row) => `${JSON.stringify({ input: row })}\n`);
    writeFileSync(file('x.jsonl'), text.join(''));
    writeFileSync(file('x.jsonl.gz'), gzipSync(text.join('')));
    for (const out of [file('x.parquet'), file('flat.parquet')]) {
      const input = out.includes('flat') ? file('row.npy') : file('x.npy');
      if (out.includes('flat')) numpy.save(input, x.select(1, 0).contiguous());
      await evaluate(new nn.L1Loss(), { input, target: input }, { out, memory: 3000 }).summary();
    }
    for (const name of MADE) copyFileSync(path.join(FIXTURES, name), file(name));
  });

  for (const name of NAMES) {
    it(`give losses of ${name}, or an error that names it, and no output`, async () => {
      const random = generator(SEED);
      const bytes = readFileSync(file(name));
      const input = file(`damaged-${name}`);
      const out = file('out.npy');
      let refused = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const what = `round ${round} of seed ${SEED}`;
        rmSync(out, { force: true });
        writeFileSync(input, damaged(bytes, random));
        const options = { out, overwrite: true, memory: 2 ** 26 };
        const error = await evaluate(new nn.L1Loss(), { input, target: input }, options)
          .summary()
          .then(() => undefined)
          .catch((caught) => caught);
        expect(existsSync(out), what).to.equal(error === undefined);
        if (error === undefined) continue;
        refused++;
        expect(error.code, `${what}: ${error.stack}`).to.match(/^ERR_TORCH_/);
        expect(error.message, what).to.include(`damaged-${name}`);
        expect(error.message, what).not.to.match(/\[object|Cannot read prop|is not a func/);
      }
      expect(refused).to.be.greaterThan(ROUNDS / 5);
    });
  }

  it('end the command with their status, without a stack', async () => {
    for (const name of NAMES) {
      const input = file(`cut-${name}`);
      writeFileSync(input, readFileSync(file(name)).subarray(0, -7));
      const args = ['eval', '--loss', 'L1Loss', '--input', input, '--target', input];
      const { status, stderr } = await new Promise<{ status: number; stderr: string }>(
        (resolve) => {
          execFile(process.execPath, [MAIN, ...args], (error, _stdout, text) =>
            resolve({ status: Number(error?.code ?? 0), stderr: text }),
          );
        },
      );
      expect(status, `${name}: ${stderr}`).to.equal(3);
      expect(stderr).to.include(`cut-${name}`).and.not.to.include('    at ');
    }
  });
});
