// Builds the site: TypeDoc's API pages, the README, the documents in docs/, and a page for each loss.

import { cpSync, readdirSync } from 'node:fs';
import path from 'node:path';
import markdownItKatex from '@vscode/markdown-it-katex';
import { Application, JSX } from 'typedoc';

import { SetupError } from '../lib/advice.mjs';
import { BUILD, NODE_MODULES, ROOT } from '../lib/checkout.mjs';
import { loadTorch } from './comments.mjs';
import { checkLinks } from './links.mjs';
import { writeLossPages } from './pages.mjs';

const SITE = path.join(BUILD, 'docs');
const PAGES = path.join(BUILD, 'docs-pages');
const KATEX = path.join('assets', 'katex');

export async function buildSite() {
  console.log('Drawing the losses');
  const losses = writeLossPages(loadTorch(), PAGES);
  console.log('Building the site');
  await runTypeDoc([losses, ...documents()]);
  copyKatex();
  const { pages, links, broken } = checkLinks(SITE);
  if (broken.length > 0) {
    throw new SetupError(`${broken.length} links lead nowhere:\n  ${broken.join('\n  ')}`);
  }
  console.log(
    `${pages} pages, ${links} links that all lead somewhere: ${path.join(SITE, 'index.html')}`,
  );
}

/** The folders of docs/, in the order of the site, each with the files that come first. */
const DOCUMENTS = {
  guides: [
    'installing',
    'bundlers',
    'porting',
    'modules',
    'weights',
    'training',
    'servers',
    'memory',
    'cuda',
    'testing',
    'parity',
    'port',
    'performance',
  ],
  development: ['contributing', 'internals', 'benchmarking', 'releasing'],
  figures: ['benchmarks'],
};

/** Returns the Markdown files of docs/, in the order of the site. */
function documents() {
  return Object.entries(DOCUMENTS).flatMap(([name, first]) => {
    const folder = path.join(ROOT, 'docs', name);
    const files = readdirSync(folder).filter((file) => file.endsWith('.md'));
    const place = (file) => first.indexOf(path.parse(file).name) + 1 || first.length + 1;
    return files.sort((a, b) => place(a) - place(b)).map((file) => path.join(folder, file));
  });
}

async function runTypeDoc(projectDocuments) {
  const app = await Application.bootstrap({
    name: 'torch-losses',
    entryPoints: [path.join(ROOT, 'lib', 'torch.ts')],
    tsconfig: path.join(ROOT, 'tsconfig.json'),
    readme: path.join(ROOT, 'README.md'),
    projectDocuments,
    excludeInternal: true,
    excludePrivate: true,
    disableSources: true,
    includeHierarchySummary: false,
    headings: { readme: false }, // it has its own
    searchInDocuments: true,
    customCss: path.join(ROOT, 'scripts', 'docs', 'site.css'),
    highlightLanguages: ['typescript', 'python', 'bash', 'yaml', 'json', 'cpp', 'javascript'],
    navigation: { includeGroups: false, includeCategories: false },
    groupOrder: ['Documents', '*'],
    // Types of arguments that are not exported are shown where they are used.
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    treatWarningsAsErrors: true,
    markdownItLoader: (parser) => {
      parser.use(markdownItKatex.default ?? markdownItKatex, { throwOnError: true });
      parser.inline.ruler.before('emphasis', 'shape', keepStar);
    },
  });
  app.renderer.hooks.on('head.end', (context) =>
    JSX.createElement('link', {
      rel: 'stylesheet',
      href: context.relativeURL(path.join(KATEX, 'katex.min.css').replaceAll(path.sep, '/')),
    }),
  );
  const project = await app.convert();
  if (project) {
    for (const document of project.documents) {
      document.name = titleOf(document) ?? document.name;
    }
    await app.generateDocs(project, SITE);
  }
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new SetupError('TypeDoc found something wrong; its messages are above.');
  }
}

/** A Markdown rule for the star in a shape such as (N, *), which is not emphasis. */
function keepStar(state, silent) {
  if (!state.src.startsWith('*)', state.pos)) {
    return false;
  }
  if (!silent) {
    state.pending += '*';
  }
  state.pos++;
  return true;
}

/** Returns the heading of a guide. */
function titleOf(document) {
  return /^# (.+)$/m.exec(document.content.map(({ text }) => text).join(''))?.[1];
}

/** Copies the style sheet and fonts for formulas, so that the site works offline. */
function copyKatex() {
  const from = path.join(NODE_MODULES, 'katex', 'dist');
  const to = path.join(SITE, KATEX);
  cpSync(path.join(from, 'katex.min.css'), path.join(to, 'katex.min.css'));
  cpSync(path.join(from, 'fonts'), path.join(to, 'fonts'), {
    recursive: true,
    filter: (name) => !/\.(ttf|woff)$/.test(name), // every browser of today takes woff2
  });
}
