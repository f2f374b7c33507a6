/** The frame of the HTML reports, and the parts that they share. A report is one file that fetches nothing. */
import { STYLE } from './style';

export function escaped(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (character) => entities[character]!);
}

export interface Head {
  /** The command of which this is the report: `parity`. */
  command: string;
  title: string;
  verdict: string;
  /** When the report was made, in ISO 8601. */
  date: string;
  /** A sentence below the title. */
  lead: string;
  /** What the style sheet has beside the common one. */
  style?: string;
}

export function page(head: Head, parts: readonly string[]): string {
  const { command, title, verdict, date, lead, style = '' } = head;
  const kind = command[0]!.toUpperCase() + command.slice(1);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${kind}: ${escaped(title)}</title>
<style>${STYLE}${style}</style>
</head>
<body>
<main>
<header class="${verdict}">
<p class="kind">torch-losses ${command}, ${date.slice(0, 16).replace('T', ' ')} UTC</p>
<h1>${escaped(title)}</h1>
<p>${escaped(lead)}</p>
</header>
${parts.filter(Boolean).join('\n')}
</main>
</body>
</html>
`;
}

export const section = (heading: string, content: string): string =>
  `<section><h2>${escaped(heading)}</h2>${content}</section>`;

export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  kind = '',
): string {
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  const body = rows.map((row) => cells('td', row)).join('');
  return `<div class="scroll"><table class="${kind}"><thead>${cells('th', head)}</thead><tbody>${body}</tbody></table></div>`;
}

/** Numbers in boxes. */
export function figures(shown: readonly (readonly [number: string, what: string])[]): string {
  const figure = ([number, what]: readonly [string, string]): string =>
    `<div><b>${number}</b><span>${what}</span></div>`;
  return `<section class="figures">${shown.map(figure).join('')}</section>`;
}

/** What the colours mean. */
export const legend = (kinds: readonly (readonly [kind: string, what: string])[]): string =>
  `<p class="legend">${kinds.map(([kind, what]) => `<i class="${kind}"></i>${what}`).join('')}</p>`;
