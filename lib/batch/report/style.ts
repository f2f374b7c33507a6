/** What the report has beside the style sheet of all reports. */
export const STYLE = `
:root { --bar: #0969da; --mark: #cf222e; --reading: #bf8700; --computing: #0969da; --writing: #8250df; --other: #afb8c1; }
@media (prefers-color-scheme: dark) {
  :root { --bar: #4493f8; --mark: #ff7b72; --reading: #d29922; --computing: #4493f8; --writing: #a371f7; --other: #484f58; }
}
svg .bars { fill: var(--bar); } svg .area { fill: var(--bar); opacity: 0.25; }
svg .curve { fill: none; stroke: var(--bar); stroke-width: 1.5; }
svg .axis { stroke: var(--line); } svg .mark { stroke: var(--mark); stroke-dasharray: 4 3; }
svg .diagonal { stroke: var(--soft); stroke-dasharray: 4 3; }
svg .tick { text-anchor: middle; fill: var(--soft); font-size: 11px; }
svg .end { text-anchor: end; fill: var(--soft); font-size: 11px; }
svg .begin { text-anchor: start; fill: var(--soft); font-size: 11px; }
svg .name { text-anchor: middle; fill: var(--mark); font-size: 11px; }
svg .reading, i.reading { fill: var(--reading); background: var(--reading); }
svg .computing, i.computing { fill: var(--computing); background: var(--computing); }
svg .writing, i.writing { fill: var(--writing); background: var(--writing); }
svg .other, i.other { fill: var(--other); background: var(--other); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 24px; align-items: start; }
td.file { overflow-wrap: anywhere; }
`;
