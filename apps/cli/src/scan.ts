import { readFileSync } from 'node:fs';
import { Problem } from '@plimsoll/problem';
import { type Command, json, type Parsed } from './command.ts';
import { databaseOption, databasePath } from './database-path.ts';
import { readTarget, targetHelp, targetOptions } from './index-target.ts';
import { tellProblems } from './inventory.ts';
import { say } from './terminal.ts';

const severities = ['critical', 'high', 'medium', 'low', 'unknown', 'negligible'] as const;

export const command: Command = {
  usage: 'TARGET [--format table|json|sarif] [--fail-on SEVERITY] [--policy FILE]',
  about: `Reads a target and matches it against the advisory database of this machine; no server is needed.\n\n${targetHelp}\n\nExits 0 when it is done, 1 on an error and whenever a part could not be read, 2 when --fail-on or --policy says no.`,
  options: {
    format: { type: 'string', short: 'f', value: 'FORMAT', what: 'table (default), json or sarif' },
    json: { ...json, what: 'short for --format json' },
    output: { type: 'string', short: 'o', value: 'FILE', what: 'write there instead of standard output' },
    severity: { type: 'string', value: 'LIST', what: 'show only these, e.g. critical,high' },
    'ignore-unfixed': { type: 'boolean', what: 'show only findings that have a fix' },
    'fail-on': { type: 'string', value: 'SEVERITY', what: 'exit 2 when a shown finding is at least this severe; `any` for all' },
    policy: { type: 'string', value: 'FILE', what: 'judge by this policy, and exit 2 when it denies; `default` for the built-in one' },
    'exit-code': { type: 'string', value: 'N', what: 'exit with N instead of 2' },
    ...databaseOption, ...targetOptions,
  },
  words: [1, 1],
  async run(parsed) {
    const wanted = readWanted(parsed);
    const [{ scanReport }, inventory] = await Promise.all([import('./scan-report.ts'), readTarget(parsed.positionals[0]!, parsed)]);
    const report = scanReport(inventory, databasePath(parsed), wanted.policy);
    const shown = report.findings.filter((finding) => (!wanted.severities || wanted.severities.has(finding.severity)) && (!wanted.fixedOnly || finding.fix_state === 'available'));
    const text = await formatted({ ...report, findings: shown }, wanted.format);
    const output = parsed.text('output');
    if (output) (await import('node:fs')).writeFileSync(output, `${text}\n`);
    else say(text);
    if (report.partial) { tellProblems(report); return 1; }
    const overThreshold = wanted.failOn !== undefined && shown.some(({ severity, state }) => state === 'undetermined' || severities.indexOf(severity) <= wanted.failOn!);
    return overThreshold || (wanted.policy !== undefined && report.verdict.decision === 'deny') ? wanted.exitCode : 0;
  },
};

async function formatted(report: import('@plimsoll/contracts').ScanReport, format: string): Promise<string> {
  switch (format) {
    case 'json': return JSON.stringify(report, null, 2);
    case 'sarif': return JSON.stringify((await import('./sarif.ts')).sarif(report), null, 2);
    default: return (await import('./report-table.ts')).reportTable(report);
  }
}

interface Wanted { readonly format: string; readonly severities: ReadonlySet<string> | undefined; readonly fixedOnly: boolean; readonly failOn: number | undefined; readonly policy: string | undefined; readonly exitCode: number }

function readWanted(parsed: Parsed): Wanted {
  const one = <T extends string>(option: string, value: string, of: readonly T[]): T => {
    if (!of.includes(value as T)) throw new Problem('invalid', `--${option} ${value}: choose from ${of.join(', ')}`, { code: 'usage' });
    return value as T;
  };
  const failOn = parsed.text('fail-on'), severity = parsed.text('severity'), policy = parsed.text('policy');
  const exitCode = Number(parsed.text('exit-code') ?? 2);
  if (!Number.isInteger(exitCode) || exitCode < 0 || exitCode > 255) throw new Problem('invalid', '--exit-code takes a number from 0 to 255', { code: 'usage' });
  return {
    format: parsed.flag('json') ? 'json' : one('format', parsed.text('format') ?? 'table', ['table', 'json', 'sarif']),
    severities: severity === undefined ? undefined : new Set(severity.toLowerCase().split(',').map((word) => one('severity', word.trim(), severities))),
    fixedOnly: parsed.flag('ignore-unfixed'),
    failOn: failOn === undefined ? undefined : failOn === 'any' ? severities.length : severities.indexOf(one('fail-on', failOn.toLowerCase(), severities)),
    policy: policy === undefined ? undefined : policy === 'default' ? 'default' : readPolicy(policy),
    exitCode,
  };
}

function readPolicy(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Problem('missing', `the policy ${file} cannot be read: ${(cause as Error).message}`, { code: 'policy-missing', cause });
  }
}
