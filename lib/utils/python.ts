/** Returns Python's `repr` of a float: `1.0`, `1e-06`, `1e+16`, `inf`. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  // Both languages write the shortest digits that read back as the value. They switch to exponents at different sizes.
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  if (power < 0) return value.toFixed(Math.max(digits.replace(/[-.]/g, '').length - 1 - power, 0));
  const plain = BigInt(Math.trunc(value)).toString();
  return Number.isInteger(value)
    ? `${value < 0 && plain === '0' ? '-' : ''}${plain}.0`
    : String(value);
}

/** Returns Python's `repr` of a tuple of integers: `(3, 5)`, `(3,)`, `()`. */
export function tupleRepr(values: readonly (number | bigint)[]): string {
  return values.length === 1 ? `(${values[0]},)` : `(${values.join(', ')})`;
}

/** Returns Python's `repr` of a boolean: `True` or `False`. */
export function boolRepr(value: boolean): string {
  return value ? 'True' : 'False';
}

/** Returns `None` for null, else the printed value. */
export function optionalRepr(value: unknown): string {
  return value === null || value === undefined ? 'None' : String(value);
}

/** Returns Python's `repr` of a string: `'mean'`, `"it's"`. */
export function strRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\\n\r\t]/g, (found) => JSON.stringify(found).slice(1, -1));
  return `${quote}${escaped.replaceAll(quote, `\\${quote}`)}${quote}`;
}

/** Returns Python's `repr` of an option: None, a bool, a string, a number, or an object that prints like Python's. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return boolRepr(value);
  if (typeof value === 'string') return strRepr(value);
  if (typeof value === 'number' && !Number.isInteger(value)) return floatRepr(value);
  return String(value);
}
