/** The programs of docs/guides/port.md, run as the guide says. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { expect } from 'chai';
import ts from 'typescript';

import { PACKAGE_ROOT } from '../../../dist/bindings/libtorch/folders';
import { PYTHON } from '../../parity/parity';

describe('testing.parity: the guide', () => {
  it('has programs that run, and whose port is equal', function () {
    this.timeout(300_000);
    const guide = readFileSync(path.join(PACKAGE_ROOT, 'docs', 'guides', 'port.md'), 'utf8');
    const program = (fence: string, first: string): string => {
      const code = guide.split(`\`\`\`${fence}\n${first}\n`)[1]?.split('```')[0];
      expect(code, first).to.be.a('string');
      return code!;
    };
    const folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
    try {
      mkdirSync(path.join(folder, 'node_modules'));
      symlinkSync(PACKAGE_ROOT, path.join(folder, 'node_modules', 'torch-losses'));
      copyFileSync(
        path.join(PACKAGE_ROOT, 'lib', 'testing', 'parity', 'torch_losses_run.py'),
        path.join(folder, 'torch_losses_run.py'),
      );
      writeFileSync(path.join(folder, 'focal.py'), program('python', '# focal.py'));
      const source = path.join(folder, 'port.ts');
      writeFileSync(source, program('ts', '// port.ts'));
      const options: ts.CompilerOptions = {
        module: ts.ModuleKind.Node16,
        target: ts.ScriptTarget.ES2022,
        strict: true,
        types: ['node'],
        typeRoots: [path.join(PACKAGE_ROOT, 'node_modules', '@types')],
        lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
        skipLibCheck: true,
      };
      const compiled = ts.createProgram([source], options);
      const texts = ts
        .getPreEmitDiagnostics(compiled)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
      expect(texts).to.deep.equal([]);
      compiled.emit();
      execFileSync(PYTHON, ['-B', '-W', 'ignore', 'focal.py'], { cwd: folder });
      const main = path.join(PACKAGE_ROOT, 'dist', 'cli', 'main.js');
      const args = ['parity', '--port', 'port.js', '--run', 'focal.safetensors'];
      const report = execFileSync(process.execPath, [main, ...args], { cwd: folder });
      expect(String(report)).to.match(/Equal bit for bit, 16 of 16 tensors equal/);
      const steps = program('yaml', '# .github/workflows/port.yml')
        .split('\n')
        .map((line) => /^ +- run: (.*(?:focal\.py|parity).*)$/.exec(line)?.[1])
        .filter((step) => step !== undefined);
      expect(steps).to.have.length(2);
      for (const step of steps) {
        const here = step
          .replace('python ', `${PYTHON} -B -W ignore `)
          .replace('npx torch-losses', `${process.execPath} ${main}`)
          .replace('port.ts', 'port.js');
        execFileSync('sh', ['-c', here], { cwd: folder });
      }
      expect(readFileSync(path.join(folder, 'parity.xml'), 'utf8')).to.match(
        /tests="16" failures="0"/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
