// Checks that all links inside the site have a target.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Checks links, images, scripts and styles of all pages, with anchors. Links to other sites are not checked.
 *
 * @returns {{ pages: number, links: number, broken: string[] }}
 */
export function checkLinks(folder) {
  const pages = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.html'));
  const anchors = new Map();
  const anchorsOf = (file) => {
    if (!anchors.has(file)) {
      const html = readFileSync(file, 'utf8');
      anchors.set(file, new Set(Array.from(html.matchAll(/\sid="([^"]*)"/g), ([, id]) => id)));
    }
    return anchors.get(file);
  };
  const broken = [];
  let links = 0;
  for (const page of pages) {
    const file = path.join(folder, page);
    const html = readFileSync(file, 'utf8');
    for (const [, link] of html.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      if (/^(https?:|data:|mailto:)/.test(link)) {
        continue;
      }
      links++;
      const [target, anchor] = decodeURI(link.replaceAll('&amp;', '&')).split('#');
      const [name] = target.split('?');
      const found = name ? path.resolve(path.dirname(file), name) : file;
      if (!existsSync(found) || !statSync(found).isFile()) {
        broken.push(`${page}: ${link}`);
      } else if (anchor && found.endsWith('.html') && !anchorsOf(found).has(anchor)) {
        broken.push(`${page}: ${link} (no such place in the page)`);
      }
    }
  }
  return { pages: pages.length, links, broken };
}
