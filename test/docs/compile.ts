/** Compiles several sources of TypeScript at once, with the strict options of a user's project. */
import { join } from 'node:path';

import ts from 'typescript';

import { ROOT } from './root';

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  module: ts.ModuleKind.Node20,
  strict: true,
  skipLibCheck: false, // so that the package's own declarations are checked too
};

/**
 * Compiles sources.
 *
 * @param sources - TypeScript by name
 * @returns JavaScript by name, as CommonJS
 * @throws Error with the compiler's messages if a source does not compile
 */
export function compile(sources: ReadonlyMap<string, string>): Map<string, string> {
  const files = new Map(
    Array.from(sources, ([name, source]) => [join(ROOT, 'test', 'docs', `${name}.ts`), source]),
  );
  const host = ts.createCompilerHost(OPTIONS);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  const compiled = new Map<string, string>();
  const names = [...sources.keys()];
  host.writeFile = (_file, text, _mark, _error, [source] = []) => {
    const index = [...files.keys()].indexOf(source?.fileName ?? '');
    if (index >= 0) compiled.set(names[index]!, text);
  };
  const program = ts.createProgram([...files.keys()], OPTIONS, host);
  const problems = ts.getPreEmitDiagnostics(program);
  if (problems.length) throw new Error(ts.formatDiagnostics(problems, host));
  program.emit();
  return compiled;
}
