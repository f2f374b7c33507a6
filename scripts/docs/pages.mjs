// Writes the page of each loss as Markdown, which TypeDoc converts.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { lossNames, readLosses } from './comments.mjs';
import { drawCurves } from './curves.mjs';
import { figureOf } from './picture.mjs';

/**
 * Writes losses.md, the list of losses, and their pages.
 *
 * @returns {string} the path of losses.md
 */
export function writeLossPages(torch, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'losses'), { recursive: true });
  const losses = readLosses(lossNames(torch.nn));
  const pictures = drawCurves(
    torch,
    losses.map(({ name }) => name),
  );
  for (const loss of losses) {
    const picture = pictures[loss.name];
    const signature = torch.nn[loss.name].signature;
    writeFileSync(path.join(folder, 'losses', `${loss.name}.md`), pageOf(loss, signature, picture));
  }
  const list = path.join(folder, 'losses.md');
  writeFileSync(list, listOf(losses));
  return list;
}

function listOf(losses) {
  const children = losses.map(({ name }) => `  - ./losses/${name}.md`);
  const rows = losses.map(({ name, description }) => {
    const summary = description.split('\n\n')[0].replaceAll('\n', ' ');
    return `| [${name}](./losses/${name}.md) | ${linked(summary).replaceAll('|', '\\|')} |`;
  });
  return [
    `---\ntitle: Losses\nchildren:\n${children.join('\n')}\n---`,
    '# Losses',
    `| class | what it computes |\n| --- | --- |\n${rows.join('\n')}`,
    '',
  ].join('\n\n');
}

function pageOf(loss, signature, picture) {
  const { name, description, shapes, torchPage, examples, functional, deprecated } = loss;
  const links = [
    `- the class: {@link nn.${name}}`,
    ...(functional ? [`- the function: {@link nn.functional.${functional}}`] : []),
    `- in torch: [${torchPage.split('/').at(-1).replace('.html', '')}](${torchPage})`,
  ];
  return [
    `---\ntitle: ${name}\n---`,
    `# ${name}`,
    ...(deprecated ? [`**Deprecated.** ${linked(deprecated)}`] : []),
    linked(description),
    figureOf(name, picture),
    '## Options',
    optionsOf(loss, signature),
    '## Shapes',
    shapesOf(shapes),
    `## ${examples.length > 1 ? 'Examples' : 'Example'}`,
    ...examples.map((code) => `\`\`\`ts\n${code}\n\`\`\``),
    '## See also',
    links.join('\n'),
    '',
  ].join('\n\n');
}

function optionsOf({ options }, signature) {
  const rows = signature.map(({ name, required, default: fallback }) => {
    const { type, comment } = options.get(name);
    const cells = [
      `\`${name}\``,
      `\`${type.replaceAll('|', '\\|')}\``,
      required ? 'required' : `\`${literal(fallback)}\``,
      linked(comment.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const table = `| name | type | default | |\n| --- | --- | --- | --- |\n${rows.join('\n')}`;
  return `<div class="loss-options">\n\n${table}\n\n</div>`;
}

/** Formats a default as TypeScript. */
function literal(value) {
  if (typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-3) {
    return value.toExponential();
  }
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(value);
}

/** Formats the shapes as a list of tensors, followed by the rest of the comment. */
function shapesOf(shapes) {
  const [tensors, ...rest] = linked(shapes)
    .replaceAll('\n', ' ')
    .split(/(?<=\.) (?=[A-Z`])/);
  const items = tensors.replace(/\.$/, '').split('; ');
  return [items.map((item) => `- ${item}`).join('\n'), ...rest].join('\n\n');
}

/** Adds the namespace nn to links in doc comments, since the pages are outside of nn. */
const linked = (text) => text.replaceAll(/\{@link (\w+)/g, '{@link nn.$1');
