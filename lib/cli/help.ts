import type { Command, OptionDescription, OptionDescriptions } from './command';
import { COMMON_OPTIONS } from './parse';
import type { Styles } from './terminal';

/** Help for all commands. */
export function overview(commands: readonly Command[], { bold, dim }: Styles): string {
  return [
    `${bold('torch-losses')}: the loss functions of torch.nn for Node.js, on libtorch`,
    '',
    bold('Usage'),
    '  npx torch-losses COMMAND [OPTIONS]',
    '',
    bold('Commands'),
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    bold('Options'),
    ...columns([
      ...optionRows({ help: COMMON_OPTIONS.help }),
      ['--version', "Print this package's version"],
    ]),
    '',
    dim('`torch-losses COMMAND --help` shows the options of a command.'),
  ].join('\n');
}

/** Help for one command. */
export function helpFor(command: Command, { bold, dim }: Styles): string {
  const operands = command.operands ? ` ${command.operands.usage}` : '';
  return [
    command.summary,
    '',
    bold('Usage'),
    `  npx torch-losses ${command.name} [OPTIONS]${operands}`,
    ...(command.description ? ['', command.description] : []),
    '',
    bold('Options'),
    ...columns(optionRows({ ...command.options, ...COMMON_OPTIONS })),
    '',
    bold('Examples'),
    ...command.examples.flatMap(({ command: example, does }) => [
      `  ${example}`,
      `      ${dim(does)}`,
    ]),
  ].join('\n');
}

function optionRows(options: OptionDescriptions): [string, string][] {
  return Object.entries(options).map(([name, option]) => [
    `${option.short ? `-${option.short}, ` : ''}--${name}${valueSuffix(option)}`,
    describe(option),
  ]);
}

function valueSuffix({ type, value = 'VALUE', choices }: OptionDescription): string {
  return type === 'boolean' ? '' : ` ${choices ? choices.join('|') : value}`;
}

function describe(option: OptionDescription): string {
  return option.default === undefined
    ? option.description
    : `${option.description} (default: ${option.default})`;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
