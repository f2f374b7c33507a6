/** Formats reports as JUnit XML, which CI systems show: a suite for each file or loss. */
import { differenceLines } from '../../difference/text';
import type { TensorReport } from '../port/tensor_report';
import { betweenText, resultText } from '../port/text';
import type { Failure, ParityReport } from '../run';
import type { FileResult } from './files';

interface TestCase {
  name: string;
  failure?: { message: string; text: string } | undefined;
  error?: string;
}

interface Suite {
  name: string;
  cases: readonly TestCase[];
}

/** Returns a test for each tensor. A file that could not be run is an error. */
export function filesJunit(results: readonly FileResult[]): string {
  return document(
    results.map((result): Suite => {
      const { path } = result;
      if ('error' in result) return { name: path, cases: [{ name: path, error: result.error }] };
      const { report } = result;
      const tests = report.results.map((tensor) => ({
        name: `step ${tensor.step}: ${tensor.name}`,
        failure: failureOf(tensor, betweenText(report)),
      }));
      const order = report.problems.map((problem) => ({
        name: 'order',
        failure: { message: problem, text: '' },
      }));
      return { name: path, cases: [...tests, ...order] };
    }),
  );
}

function failureOf(tensor: TensorReport, between: string): TestCase['failure'] {
  const { verdict, difference, diagnoses } = tensor;
  if (verdict !== 'different') return undefined;
  const lines = difference ? differenceLines(difference, ['Python', 'here']) : [];
  return { message: resultText(tensor), text: [...diagnoses, ...lines, between].join('\n') };
}

/** Returns a test for each loss and dtype. */
export function lossesJunit({ by, failures }: ParityReport): string {
  const suites = new Map<string, TestCase[]>();
  for (const [key, counts] of Object.entries(by['loss and dtype'])) {
    const [loss, dtype] = key.split(' ') as [string, string];
    const own = failures.filter(
      (failure) =>
        failure.loss === loss && failure.dtype === dtype && failure.verdict === 'different',
    );
    const failure = own.length
      ? {
          message: `${counts.different} of ${counts.cases} cases differ`,
          text: own.map(callText).join('\n'),
        }
      : undefined;
    suites.set(loss, [...(suites.get(loss) ?? []), { name: dtype, failure }]);
  }
  return document([...suites].map(([name, cases]) => ({ name, cases })));
}

const callText = ({ call, case: number, differences }: Failure): string =>
  [`${call} (case ${number})`, ...differences.map((text) => `    ${text}`)].join('\n');

function document(suites: readonly Suite[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="torch-losses parity" ${countsText(all)}>`,
    ...suites.flatMap(({ name, cases }) => [
      `  <testsuite name="${xml(name)}" ${countsText(cases)}>`,
      ...cases.map((test) => caseText(name, test)),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

const countsText = (cases: readonly TestCase[]): string =>
  `tests="${cases.length}" failures="${cases.filter(({ failure }) => failure).length}" ` +
  `errors="${cases.filter(({ error }) => error !== undefined).length}"`;

function caseText(suite: string, { name, failure, error }: TestCase): string {
  const head = `    <testcase classname="${xml(suite)}" name="${xml(name)}"`;
  if (error !== undefined) return `${head}><error message="${xml(error)}"/></testcase>`;
  if (!failure) return `${head}/>`;
  return `${head}><failure message="${xml(failure.message)}">${xml(failure.text)}</failure></testcase>`;
}

/** XML cannot contain most control characters. */
const xml = (text: string): string =>
  text
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
