import { parseArgs } from 'node:util';

import { nearest } from '../dispatch/arguments';
import type { Command, OptionDescriptions } from './command';
import { UsageError } from './errors';

/** The options of every command. */
export const COMMON_OPTIONS = {
  help: { type: 'boolean', short: 'h', description: 'Show this help' },
  json: { type: 'boolean', description: 'Print the result as JSON' },
  color: { type: 'boolean', description: 'Use colours even where the output is no terminal' },
  'no-color': {
    type: 'boolean',
    description: 'Use no colours (as do NO_COLOR=1 and FORCE_COLOR=0)',
  },
} as const satisfies OptionDescriptions;

interface Parsed {
  readonly values: Record<string, string | boolean | readonly string[] | undefined>;
  readonly operands: readonly string[];
}

/**
 * Reads the arguments after a command's name.
 *
 * @throws UsageError that names the nearest option, the missing value, or the values allowed
 */
export function parse(args: readonly string[], command: Command): Parsed {
  const options: OptionDescriptions = { ...COMMON_OPTIONS, ...command.options };
  const { tokens } = parseArgs({
    args: [...args],
    options: parseArgsOptions(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = defaultsOf(options);
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') {
      operands.push(token.value);
    } else if (token.kind === 'option') {
      const value = optionValue(token, options, command);
      values[token.name] = options[token.name]!.multiple
        ? [...(values[token.name] as string[]), value as string]
        : value;
    }
  }
  if (!values['help']) {
    checkOperands(operands, command);
  }
  return { values, operands };
}

function parseArgsOptions(options: OptionDescriptions) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short && { short }), ...(multiple && { multiple }) },
    ]),
  );
}

function defaultsOf(options: OptionDescriptions): Record<string, Parsed['values'][string]> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      option.multiple ? [] : option.type === 'boolean' ? false : option.default,
    ]),
  );
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function optionValue(
  { name, rawName, value, inlineValue }: OptionToken,
  options: OptionDescriptions,
  command: Command,
): string | boolean {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (!option) {
    throw new UsageError(`Unknown option ${rawName}`, suggestion(rawName, options, command));
  }
  if (option.type === 'boolean') {
    if (value !== undefined) {
      throw new UsageError(`${rawName} takes no value, but got ${JSON.stringify(value)}`);
    }
    return true;
  }
  const wanted = `${rawName} ${option.value ?? 'VALUE'}`;
  // Detects a forgotten value, as in `--torch --cuda`. `-` and `-:NAME` are values: standard input.
  if (value === undefined || (!inlineValue && /^-[^\d:]/.test(value))) {
    throw new UsageError(`${rawName} needs a value: ${wanted}`);
  }
  if (option.choices && !option.choices.includes(value)) {
    const near = nearest(value, option.choices);
    throw new UsageError(
      `${rawName} must be one of ${option.choices.join(', ')}, but got ${JSON.stringify(value)}`,
      near && `Did you mean ${rawName}=${near}?`,
    );
  }
  return value;
}

function suggestion(rawName: string, options: OptionDescriptions, command: Command): string {
  const near = rawName.startsWith('--')
    ? nearest(rawName.slice(2), Object.keys(options))
    : undefined;
  return near
    ? `Did you mean --${near}?`
    : `See \`torch-losses ${command.name} --help\` for its options.`;
}

function checkOperands(operands: readonly string[], { name, operands: allowed }: Command): void {
  const usage = `torch-losses ${name}${allowed ? ` ${allowed.usage}` : ''}`;
  if (operands.length > (allowed?.most ?? 0)) {
    const surplus = operands[allowed?.most ?? 0];
    throw new UsageError(`Unexpected argument ${JSON.stringify(surplus)}`, `Usage: ${usage}`);
  }
  if (operands.length < (allowed?.least ?? 0)) {
    throw new UsageError(`An argument is missing`, `Usage: ${usage}`);
  }
}
