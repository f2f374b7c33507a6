/** Converts the report to JSON. Infinite numbers become the string `Infinity`, since JSON has none. */
export function jsonReport(report: object): unknown {
  const text = JSON.stringify(report, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
  return JSON.parse(text) as unknown;
}
