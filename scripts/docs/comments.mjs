// What the sources say of each loss: its doc comment by parts, and its options' types and comments.
import { createRequire } from 'node:module';
import path from 'node:path';
import ts from 'typescript';

import { ROOT } from '../lib/checkout.mjs';

/** The library as its users load it. */
export const loadTorch = () => createRequire(import.meta.url)(ROOT);

/** All losses by name: those of torch.nn.modules.loss, and the one that stands in a file of its own. */
export function lossNames(nn) {
  const isLoss = (name) => nn[name].prototype instanceof nn._Loss && !name.startsWith('_');
  return [...Object.keys(nn).filter(isLoss), 'AdaptiveLogSoftmaxWithLoss'].sort((a, b) =>
    a.localeCompare(b),
  );
}

/**
 * @param {string[]} names of losses
 * @returns {object[]} for each: `name`, `file`, the comment's `description`, `shapes`, `torchPage`,
 *   `examples` (code), `deprecated`; `functional`, its function's name; `options`, a map from the
 *   name to `{ type, comment }`
 */
export function readLosses(names) {
  const { fileNames, options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(path.join(ROOT, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    ROOT,
  );
  const program = ts.createProgram(fileNames, { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const index = program.getSourceFile(path.join(ROOT, 'lib', 'nn', 'modules', 'index.ts'));
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(index));
  return names.map((name) => {
    const symbol = exported.find((candidate) => candidate.name === name);
    return readLoss(checker, resolved(checker, symbol));
  });
}

function resolved(checker, symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function readLoss(checker, symbol) {
  const declaration = symbol.valueDeclaration;
  const paragraphs = ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .split(/\n{2,}/);
  const take = (start) => {
    const at = paragraphs.findIndex((paragraph) => paragraph.startsWith(start));
    if (at < 0) {
      throw new Error(`the doc comment of ${symbol.name} has no paragraph that begins '${start}'`);
    }
    return paragraphs.splice(at, 1)[0].slice(start.length);
  };
  const tags = symbol.getJsDocTags(checker);
  const textsOf = (name) =>
    tags.filter((tag) => tag.name === name).map((tag) => ts.displayPartsToString(tag.text));
  return {
    name: symbol.name,
    file: path.relative(ROOT, declaration.getSourceFile().fileName),
    torchPage: take('See ').trim(),
    shapes: take('Shapes: '),
    description: paragraphs.join('\n\n'),
    deprecated: textsOf('deprecated')[0],
    examples: textsOf('example').flatMap(codeBlocks),
    functional: functionalOf(checker, declaration),
    options: readOptions(checker, symbol),
  };
}

/** The TypeScript of a Markdown text's code blocks. */
export function codeBlocks(markdown) {
  return Array.from(markdown.matchAll(/^```ts\n(.*?)^```$/gms), ([, code]) => code.trimEnd());
}

/** The function whose values a class's forward takes. */
function functionalOf(checker, declaration) {
  const found = /(\w+)\.with\(/.exec(declaration.getText());
  if (found) {
    return found[1];
  }
  const base = declaration.heritageClauses?.[0]?.types[0];
  const type = base && checker.getTypeAtLocation(base.expression);
  const inherited = type?.symbol.valueDeclaration;
  return inherited?.name?.text.endsWith('Loss') ? functionalOf(checker, inherited) : undefined;
}

function readOptions(checker, symbol) {
  const constructorType = checker.getTypeOfSymbol(symbol);
  // The last overload is the one that takes options by name.
  const parameters = constructorType.getConstructSignatures().at(-1).getParameters();
  const required = parameters
    .slice(0, -1)
    .map((parameter) => [
      parameter.name,
      { type: typeText(checker, checker.getTypeOfSymbol(parameter)), comment: '' },
    ]);
  const options = checker.getNonNullableType(checker.getTypeOfSymbol(parameters.at(-1)));
  const optional = checker.getPropertiesOfType(options).map((property) => [
    property.name,
    {
      type: typeText(checker, checker.getTypeOfSymbol(property)),
      comment: commentOf(checker, property),
    },
  ]);
  return new Map([...required, ...optional]);
}

// As a reader writes it: unions by their members, without undefined, which any option may be.
function typeText(checker, type) {
  const members = type.isUnion() ? type.types : [type];
  const texts = members
    .filter((member) => !(member.flags & ts.TypeFlags.Undefined))
    .map((member) => checker.typeToString(member).replaceAll('"', "'"))
    .map((text) => (/^(true|false)$/.test(text) ? 'boolean' : text));
  return [...new Set(texts)].sort((a, b) => (a === 'null') - (b === 'null')).join(' | ');
}

// The default is not said here: pages take it from the signature itself.
function commentOf(checker, property) {
  const comment = ts.displayPartsToString(property.getDocumentationComment(checker));
  const [deprecated] = property.getJsDocTags(checker).filter((tag) => tag.name === 'deprecated');
  const text = comment.replace(/\s*Default: (`[^`]+`|[^\s,]+)\.$/, '');
  return deprecated
    ? `Deprecated. ${ts.displayPartsToString(deprecated.text)} ${text}`.trim()
    : text;
}
