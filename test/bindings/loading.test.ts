/** The ways to load the package: require, import, twice, and after another copy. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

import { findAddon } from '../../dist/bindings/libtorch/addons';
import { copyPackage } from '../support/copy';
import { temporaryFolder } from '../support/folder';

const run = promisify(execFile);
const ROOT = path.join(__dirname, '..', '..');

async function node(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, args, { cwd: ROOT });
  return stdout.trim();
}

// Newer versions of Node add the name 'module.exports' to what is imported from CommonJS.
const names =
  'JSON.stringify(Object.keys(torch).filter((name) => !/^(default|__esModule|module.exports)$/.test(name)).sort())';

describe('loading', () => {
  const folder = temporaryFolder();

  it('gives require and import the same names', async () => {
    const required = await node('-p', `const torch = require('torch-losses'); ${names}`);
    const imported = await node(
      '--input-type=module',
      '-e',
      `import * as torch from 'torch-losses'; console.log(${names})`,
    );
    expect(imported).to.equal(required);
    expect(JSON.parse(required)).to.include.members(['nn', 'optim', 'Tensor', 'randn', 'float32']);
  });

  it('has a default export with the same names', async () => {
    const program = `import torch, { nn } from 'torch-losses';
      console.log(torch.nn === nn, typeof torch.randn, torch.long === torch.int64);`;
    expect(await node('--input-type=module', '-e', program)).to.equal('true function true');
  });

  it('exits cleanly with live tensors and graphs', async () => {
    const program = `const torch = require('torch-losses');
      globalThis.kept = torch.ones(3, { requires_grad: true }).mul(2);
      console.log(kept.sum().item()); process.exit(0);`;
    expect(await node('-e', program)).to.equal('6');
  });

  it('works in a process that loads two copies', async () => {
    const program = `const first = require('torch-losses');
      const second = ${copyPackage(folder('copy'))};
      let refused;
      try { second.ones(1).add(first.ones(1)); } catch (error) { refused = error.message; }
      console.log(first !== second, second.ones(2).sum().item(), /another copy/.test(refused));`;
    expect(await node('-e', program)).to.equal('true 2 true');
  });

  it('has a loader that refuses what is no path, and says why a library does not open', () => {
    const loader = require(findAddon('loader')!) as Record<string, (file: unknown) => unknown>;
    for (const name of ['open', 'mapped', 'torchVersion']) {
      expect(() => loader[name]!(5), name).to.throw(TypeError, 'expected a string');
    }
    expect(() => loader['open']!('/nowhere.so')).to.throw('/nowhere.so: cannot open shared object');
    expect(() => loader['torchVersion']!('/nowhere.so')).to.throw(Error);
    expect(loader['mapped']!('nowhere.so')).to.deep.equal([]);
  });
});
