// Makes what the compiled library re-exports load on first use.
//
// `export { a } from './x'`, `export * as x from './x'` and `export * from './x'` load ./x together with the module
// that contains them, so a program that uses one loss would load every layer, optimizer and dataset. After this step,
// such a name is a getter that loads ./x when it is first read. Sources and types stay plain re-exports.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const REQUIRE = String.raw`require\("(\.[^"]*)"\)`;
/** What TypeScript compiles the three forms to. */
const SOME = new RegExp(
  String.raw`^var (\w+) = ${REQUIRE};((?:\n.*get: function \(\) \{ return \1\.\w+; \} \}\);)+)$`,
  'gm',
);
const ALL_AS = new RegExp(
  String.raw`^exports\.(\w+) = (?:__importStar\(${REQUIRE}\)|${REQUIRE});$`,
  'gm',
);
const ALL = new RegExp(String.raw`^__exportStar\(${REQUIRE}, exports\);$`, 'gm');
const DEFINE = 'define_re_export';
const ES_MODULE = 'Object.defineProperty(exports, "__esModule", { value: true });';
const MEMBER = /"(\w+)", .* return \w+\.(\w+);/g;
const EXPORTED = /\bexports\.(\w+) =|^Object\.defineProperty\(exports, "(?!__esModule)(\w+)"/gm;

/** Changes the compiled files in this folder. A line stays one line, so that source maps stay true. */
export function loadReExportsOnFirstUse(folder) {
  const files = readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.js'))
    .map((name) => path.join(folder, name));
  const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
  for (const [file, text] of texts) {
    const changed = changedText(file, text, texts);
    if (changed !== text) {
      writeFileSync(file, changed);
    }
  }
}

function changedText(file, text, texts) {
  const own = new Set(exportsIn(text));
  let modules = 0;
  const reExport = (module, defineAll, separator = ' ') => {
    const variable = `re_export_${modules++}`;
    const definitions = defineAll(`(${variable} ??= require("${module}"))`);
    return [`let ${variable};`, ...definitions].join(separator);
  };
  const members = (pairs) => (module) =>
    pairs.map(([name, member]) => getter(name, `${module}.${member}`));
  const changed = text
    .replace(SOME, (_, _variable, module, lines) =>
      reExport(module, members([...lines.matchAll(MEMBER)].map(([, ...pair]) => pair)), '\n'),
    )
    .replace(ALL_AS, (_, name, starred, plain) =>
      reExport(starred ?? plain, (module) => [getter(name, module)]),
    )
    .replace(ALL, (_, module) => {
      const names = exportsOf(resolve(file, module, texts), texts).filter((name) => !own.has(name));
      for (const name of names) {
        own.add(name);
      }
      const declaration = `${names.map((name) => `exports.${name} = `).join('')}void 0;`;
      return `${declaration} ${reExport(module, members(names.map((name) => [name, name])))}`;
    });
  return modules === 0
    ? text
    : changed.replace(ES_MODULE, `${ES_MODULE} const ${DEFINE} = Object.defineProperty;`);
}

// Node and Deno read the names that a CommonJS module exports from its text. Those that are first assigned `void 0` are
// found, unless `Object.defineProperty` follows with a getter that is not TypeScript's own. So it has another name.
const getter = (name, value) =>
  `${DEFINE}(exports, "${name}", { enumerable: true, get: function () { return ${value}; } });`;

function exportsIn(text) {
  return [...text.matchAll(EXPORTED)].map(([, assigned, defined]) => assigned ?? defined);
}

/** Returns the names that a compiled file exports, with those of the modules that it re-exports. */
function exportsOf(file, texts) {
  const text = texts.get(file);
  const others = [...text.matchAll(ALL)].flatMap(([, module]) =>
    exportsOf(resolve(file, module, texts), texts),
  );
  return [...new Set([...exportsIn(text), ...others])].filter((name) => name !== 'default');
}

function resolve(file, module, texts) {
  const base = path.join(path.dirname(file), module);
  return [base, `${base}.js`, path.join(base, 'index.js')].find((name) => texts.has(name));
}
