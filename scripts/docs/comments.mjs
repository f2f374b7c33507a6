// Reads the documentation of each loss from the sources: the parts of its doc comment, and the types and comments of
// its options.
import { createRequire } from 'node:module';
import path from 'node:path';
import ts from 'typescript';

import { ROOT } from '../lib/checkout.mjs';

/** Loads the library as users load it. */
export const loadTorch = () => createRequire(import.meta.url)(ROOT);

/** Returns the names of all losses: those of torch.nn.modules.loss, and AdaptiveLogSoftmaxWithLoss. */
export function lossNames(nn) {
  const isLoss = (name) => nn[name].prototype instanceof nn._Loss && !name.startsWith('_');
  return [...Object.keys(nn).filter(isLoss), 'AdaptiveLogSoftmaxWithLoss'].sort((a, b) =>
    a.localeCompare(b),
  );
}

/**
 * @param {string[]} names names of losses
 * @returns {object[]} for each: `name`; `file`; the comment's `description`, `shapes`, `torchPage`, `examples` (code)
 *   and
 *   `deprecated`; `functional`, the name of its function; `options`, a map from names to `{ type, comment }`
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

/** Returns the TypeScript in the code blocks of a Markdown text. */
export function codeBlocks(markdown) {
  return Array.from(markdown.matchAll(/^```ts\n(.*?)^```$/gms), ([, code]) => code.trimEnd());
}

/** Returns the function that a class's forward calls. */
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
  // The last overload takes options by name.
  const parameters = parametersOf(checker, constructorType.getConstructSignatures().at(-1));
  const required = parameters
    .slice(0, -1)
    .map(([name, type]) => [name, { type: typeText(checker, type), comment: '' }]);
  const options = checker.getNonNullableType(parameters.at(-1)[1]);
  const optional = checker.getPropertiesOfType(options).map((property) => [
    property.name,
    {
      type: typeText(checker, checker.getTypeOfSymbol(property)),
      comment: commentOf(checker, property),
    },
  ]);
  return new Map([...required, ...optional]);
}

/**
 * Returns the names and types of the parameters. Of a rest parameter with several forms (`Positional`), returns those
 * of the shortest form, which takes the options by name.
 */
function parametersOf(checker, signature) {
  const parameters = signature
    .getParameters()
    .map((parameter) => [parameter.name, checker.getTypeOfSymbol(parameter)]);
  const type = parameters.at(-1)[1];
  const forms = (type.isUnion() ? type.types : [type]).filter((form) => checker.isTupleType(form));
  if (forms.length === 0) return parameters;
  const lengthOf = (form) => checker.getTypeArguments(form).length;
  const shortest = forms.reduce((least, form) => (lengthOf(form) < lengthOf(least) ? form : least));
  const names = shortest.target.labeledElementDeclarations.map((label) => label.name.text);
  return checker.getTypeArguments(shortest).map((element, index) => [names[index], element]);
}

// Formats a type for readers: unions by their members, without undefined, which every option accepts.
function typeText(checker, type) {
  const members = type.isUnion() ? type.types : [type];
  const texts = members
    .filter((member) => !(member.flags & ts.TypeFlags.Undefined))
    .map((member) => checker.typeToString(member).replaceAll('"', "'"))
    .map((text) => (/^(true|false)$/.test(text) ? 'boolean' : text));
  return [...new Set(texts)].sort((a, b) => (a === 'null') - (b === 'null')).join(' | ');
}

// Leaves out the default, which pages take from the signature.
function commentOf(checker, property) {
  const comment = ts.displayPartsToString(property.getDocumentationComment(checker));
  const [deprecated] = property.getJsDocTags(checker).filter((tag) => tag.name === 'deprecated');
  const text = comment.replace(/\s*Default: (`[^`]+`|[^\s,]+)\.$/, '');
  return deprecated
    ? `Deprecated. ${ts.displayPartsToString(deprecated.text)} ${text}`.trim()
    : text;
}
