/** The style sheet of the HTML report, for light and dark themes. */
export const STYLE = `
:root {
  --paper: #ffffff; --panel: #f6f8fa; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0;
  --equal: #2da44e; --refused: #93d6a5; --close: #d4a72c; --different: #cf222e; --on: #ffffff; --on-light: #0b3d1a;
  --heat-0: #eaeef2; --heat-1: #fff1b8; --heat-2: #ffd76e; --heat-3: #ffab40; --heat-4: #f4702b; --heat-5: #c6282a; --heat-6: #6b0f1a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0d1117; --panel: #151b23; --ink: #e6edf3; --soft: #9198a1; --line: #30363d;
    --equal: #2b8a47; --refused: #1d4a2b; --close: #9e6a03; --different: #da3633; --on: #ffffff; --on-light: #b5e6c3;
    --heat-0: #262c36; --heat-1: #3b3215; --heat-2: #665012; --heat-3: #9c6b0e; --heat-4: #d4761b; --heat-5: #f0524f; --heat-6: #ffb3ab;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 32px 24px 64px; }
header { border-left: 6px solid var(--equal); padding: 2px 0 2px 20px; }
header.close { border-color: var(--close); }
header.different { border-color: var(--different); }
header p { margin: 0; color: var(--soft); }
h1 { font-size: 28px; line-height: 1.25; margin: 4px 0 8px; }
h2 { font-size: 18px; margin: 40px 0 12px; }
section > p { color: var(--soft); margin: 0 0 12px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr)); gap: 12px; margin-top: 28px; }
.figures div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
.figures b { display: block; font-size: 24px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.figures span { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th { text-align: right; font-weight: 600; color: var(--soft); white-space: nowrap; }
th, td { padding: 5px 10px; border-bottom: 1px solid var(--line); }
td { text-align: right; }
th:first-child, td:first-child, table.text th, table.text td { text-align: left; }
table.text td { overflow-wrap: anywhere; }
i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 8px; }
i.equal { background: var(--equal); } i.refused { background: var(--refused); }
i.close { background: var(--close); } i.different { background: var(--different); }
.legend i { margin-left: 18px; } .legend i:first-child { margin-left: 0; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .label { text-anchor: end; } svg .head { text-anchor: middle; fill: var(--soft); font-size: 10.5px; }
svg .count { fill: var(--soft); font-size: 12px; }
svg .cell { text-anchor: middle; font-size: 11px; fill: var(--on); pointer-events: none; }
svg rect.equal { fill: var(--equal); } svg rect.refused { fill: var(--refused); }
svg rect.close { fill: var(--close); } svg rect.different { fill: var(--different); }
svg rect.refused + .cell { fill: var(--on-light); }
pre, code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; margin: 8px 0;
  white-space: pre-wrap; overflow-wrap: anywhere; }
details { border-bottom: 1px solid var(--line); padding: 6px 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }
details p { color: var(--soft); margin: 6px 0; }
details:target { outline: 2px solid var(--line); outline-offset: 4px; }
h3 { font-size: 15px; margin: 24px 0 8px; }
figure .legend { font-size: 13px; color: var(--soft); margin: 6px 0; }
.steps { max-height: 440px; overflow-y: auto; margin-bottom: 12px; }
.step { display: grid; grid-template-columns: 76px 1fr; gap: 8px; padding: 5px 0; border-bottom: 1px solid var(--line); }
.step b { color: var(--soft); font-weight: 600; font-size: 13px; line-height: 24px; }
.step ol { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 6px; margin: 0; padding: 0; }
.step li { font: 12px/22px ui-monospace, SFMono-Regular, Menlo, monospace; border: 1px solid; border-radius: 6px; padding: 0 8px; overflow-wrap: anywhere; }
.step li.equal { background: var(--equal); border-color: var(--equal); color: var(--on); }
.step li.later { background: none; color: var(--ink); }
.step li.close { background: var(--close); border-color: var(--close); color: var(--on); }
.step li.different { background: var(--different); border-color: var(--different); color: var(--on); }
.step li.first { outline: 2px solid var(--ink); outline-offset: 1px; }
.step a { color: inherit; }
i.later { border: 1px solid var(--equal); }
.cause { border-left: 4px solid var(--close); padding: 2px 0 2px 12px; color: var(--ink); font-weight: 600; }
details p.cause { color: var(--ink); }
.charts { display: flex; flex-wrap: wrap; gap: 12px 32px; }
figure { margin: 8px 0; max-width: 420px; flex: 1 1 300px; }
figcaption { color: var(--soft); font-size: 13px; margin-bottom: 6px; }
svg.heat { max-width: 100%; border: 1px solid var(--line); }
svg .bar { fill: var(--different); } svg .start { text-anchor: start; }
.ground { background: var(--panel); fill: var(--panel); } i.ground { border: 1px solid var(--line); }
.heat-0 { background: var(--heat-0); fill: var(--heat-0); }
.heat-1 { background: var(--heat-1); fill: var(--heat-1); }
.heat-2 { background: var(--heat-2); fill: var(--heat-2); }
.heat-3 { background: var(--heat-3); fill: var(--heat-3); }
.heat-4 { background: var(--heat-4); fill: var(--heat-4); }
.heat-5 { background: var(--heat-5); fill: var(--heat-5); }
.heat-6 { background: var(--heat-6); fill: var(--heat-6); }
`;
