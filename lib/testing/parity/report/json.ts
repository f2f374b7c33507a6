/** The report as JSON. */
/** Infinite numbers, which JSON does not have, are the string `Infinity`. */
export function jsonReport(report: object): unknown {
  const text = JSON.stringify(report, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
  return JSON.parse(text) as unknown;
}
