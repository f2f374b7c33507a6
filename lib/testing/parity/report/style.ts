/** The style sheet of the HTML report, for light and dark themes. */
export const STYLE = `
:root {
  --paper: #ffffff; --panel: #f6f8fa; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0;
  --equal: #2da44e; --refused: #93d6a5; --close: #d4a72c; --different: #cf222e; --on: #ffffff; --on-light: #0b3d1a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0d1117; --panel: #151b23; --ink: #e6edf3; --soft: #9198a1; --line: #30363d;
    --equal: #2b8a47; --refused: #1d4a2b; --close: #9e6a03; --different: #da3633; --on: #ffffff; --on-light: #b5e6c3;
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
`;
