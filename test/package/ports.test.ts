/** Ports in TypeScript, run by Node's own type stripping and by tsx, which `npm run test:package` installs. */
import { chmodSync, symlinkSync } from 'node:fs';
import path from 'node:path';

import { expect } from 'chai';

import { Project, TOOLS, toolFolder } from './project';

const RECORD = `
import torch from 'torch-losses';
await torch.testing.parity.record('run.safetensors', (run) => {
  const x = run.input('x', torch.rand(3, 2, { requires_grad: true }));
  run.output('loss', x.softmax(1).pow(run.options.gamma).mean()).backward();
  run.gradients();
}, { options: { gamma: 2.5 } });`;

const PORT = `
import torch from 'torch-losses';
import type { Tensor } from 'torch-losses';

const probabilities = (x: Tensor): Tensor => x.softmax(1);

export default (run: torch.testing.parity.Run): void => {
  const { gamma } = run.options as { gamma: number };
  run.output('loss', probabilities(run.input('x')).pow(gamma).mean()).backward();
  run.gradients();
};`;

describe('a port in TypeScript', function () {
  this.timeout(300_000);
  let project: Project;
  const parity = (node: string): Promise<string> => {
    const main = path.join(project.packageFolder, 'dist', 'cli', 'main.js');
    return project.run(node, [main, 'parity', '--port', 'port.ts', '--run', 'run.safetensors']);
  };

  before(async function () {
    if (!TOOLS) this.skip();
    project = await new Project('ports').install();
    project.write('record.mjs', RECORD);
    project.write('port.ts', PORT);
    await project.node(['record.mjs']);
  });

  it('is run by Node 24', async () => {
    const node = path.join(toolFolder('node24')!, 'bin', 'node');
    chmodSync(node, 0o755);
    expect(await parity(node)).to.match(/Equal bit for bit, 2 of 2 tensors equal/);
  });

  it('is run by tsx, and the error says what to install without', async () => {
    const strips = (process.features as { typescript?: unknown }).typescript;
    if (!strips) {
      const error = await parity(process.execPath).then(
        () => '',
        ({ stderr }: { stderr: string }) => stderr,
      );
      expect(error).to.match(/use Node 22.18 or later, install tsx/);
    }
    symlinkSync(toolFolder('tsx')!, path.join(project.folder, 'node_modules', 'tsx'));
    expect(await parity(process.execPath)).to.match(/Equal bit for bit, 2 of 2 tensors equal/);
  });
});
