import { readFileSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { ScanReport } from '@plimsoll/contracts';
import type { Inventory } from '@plimsoll/inventory';
import { openDatabase } from '@plimsoll/matching';
import { defaultPolicy, loadPolicy } from '@plimsoll/policy-language';
import { Problem } from '@plimsoll/problem';
import { type Command, json, type Parsed } from './command.ts';
import { databaseOption, databasePath } from './database-path.ts';
import { readTarget, targetHelp, targetOptions, wantedScanners } from './index-target.ts';
import { tellProblems } from './inventory.ts';
import type { TableShape } from './report-table.ts';
import { scanReport } from './scan-report.ts';
import { jsonDocument, jsonPieces, jsonText, note, paint, say, sayPieces } from './terminal.ts';
import { readVexOption, vexOptions } from './vex-option.ts';

const severities = ['critical', 'high', 'medium', 'low', 'unknown', 'negligible'] as const;

export const command: Command = {
  usage: 'TARGET [--format table|json|sarif] [--fail-on SEVERITY] [--policy FILE]',
  about: `Reads a target and matches it against the advisory database of this machine; no server is needed.\n\n${targetHelp}\n\nExits 0 when it is done, 1 on an error and whenever a part could not be read, 2 when --fail-on or --policy says no. Problems of the\nconfiguration count for --fail-on where --scanners names config.`,
  options: {
    format: { type: 'string', short: 'f', value: 'FORMAT', what: 'table (default), json or sarif' },
    json: { ...json, what: 'short for --format json' },
    output: { type: 'string', short: 'o', value: 'FILE', what: 'write there instead of standard output' },
    severity: { type: 'string', value: 'LIST', what: 'show and count only these, e.g. critical,high' },
    'ignore-unfixed': { type: 'boolean', what: 'show and count only findings that have a fix' },
    'fail-on': { type: 'string', value: 'SEVERITY', what: 'exit 2 when a shown finding or a secret is at least this severe, or cannot be told; `any` for all' },
    policy: { type: 'string', value: 'FILE', what: 'judge by this policy, and exit 2 when it denies; `default` for the built-in one' },
    'exit-code': { type: 'string', value: 'N', what: 'exit with N instead of 2' },
    ...vexOptions, ...databaseOption, ...targetOptions,
  },
  words: [1, 1],
  async run(parsed) {
    const wanted = readWanted(parsed);
    // What is wrong with the policy or the database is told before a large image is read.
    const policy = wanted.policy === undefined || wanted.policy === 'default' ? defaultPolicy() : loadPolicy(wanted.policy);
    const scanners = wantedScanners(parsed);
    if (!scanners.has('vuln')) return scanContents(parsed, wanted);
    using database = openDatabase(databasePath(parsed));
    const vex = await readVexOption(parsed);
    const report = scanReport(await readTarget(parsed.positionals[0]!, parsed), database, policy, { vex });
    const shown = report.findings.filter((finding) => (!wanted.severities || wanted.severities.has(finding.severity)) && (!wanted.fixedOnly || finding.fix_state === 'available'));
    const output = parsed.text('output');
    const told = { ...report, findings: shown };
    if (wanted.format === 'json' && output === undefined) sayPieces(jsonPieces(told));
    else {
      const text = await formatted(told, wanted.format, { showSuppressed: wanted.showSuppressed, ...(output === undefined ? {} : { fit: Infinity }) });
      if (output === undefined) say(text);
      else write(output, text);
    }
    if (report.verdict.decision === 'deny' && !report.partial && wanted.format === 'table' && wanted.policy === undefined && wanted.failOn === undefined) note(paint('dim', '\nThis verdict does not change the exit code; `--policy default` makes it 2.', process.stderr));
    if (report.partial) { tellProblems(report); return 1; }
    const counting = shown.filter(({ suppressed }) => suppressed === undefined);
    const overThreshold = isOver(wanted, [...counting.filter(({ state }) => state === 'undetermined').map(() => severities[0]), ...counting.map(({ severity }) => severity), ...counted(parsed, report)]);
    return overThreshold || (wanted.policy !== undefined && report.verdict.decision === 'deny') ? wanted.exitCode : 0;
  },
};

/** Whether one of these is as severe as --fail-on says. */
const isOver = ({ failOn }: Wanted, found: readonly (typeof severities)[number][]): boolean => failOn !== undefined && found.some((severity) => severities.indexOf(severity) <= failOn);

/** What --fail-on counts besides findings: secrets, and problems of the configuration where --scanners names them. */
const counted = (parsed: Parsed, { secrets, configuration }: Pick<Inventory, 'secrets' | 'configuration'>): (typeof severities)[number][] =>
  [...secrets, ...parsed.text('scanners') && wantedScanners(parsed).has('config') ? configuration.findings : []].map(({ severity }) => severity);

/** What is inside, with nothing looked up: no database is needed, and as JSON it is the inventory. */
async function scanContents(parsed: Parsed, wanted: Wanted): Promise<number> {
  if (wanted.policy !== undefined || wanted.format === 'sarif') throw new Problem('invalid', '--policy and --format sarif speak of vulnerabilities: add vuln to --scanners', { code: 'usage' });
  const inventory = await readTarget(parsed.positionals[0]!, parsed), output = parsed.text('output');
  const text = wanted.format === 'json' ? jsonText(inventory) : (await import('./report-table.ts')).contentsTable(inventory, output === undefined ? undefined : Infinity);
  if (output === undefined) say(text);
  else write(output, text);
  if (inventory.problems.length > 0) { tellProblems(inventory); return 1; }
  return isOver(wanted, counted(parsed, inventory)) ? wanted.exitCode : 0;
}

async function formatted(report: ScanReport, format: string, shape: TableShape): Promise<string> {
  switch (format) {
    case 'json': return jsonDocument(report);
    case 'sarif': return jsonText((await import('./sarif.ts')).sarif(report));
    default: return (await import('./report-table.ts')).reportTable(report, shape);
  }
}

/** A file has no terminal: no colours, nothing cut. */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, `${stripVTControlCharacters(text)}\n`);
  } catch (cause) {
    throw new Problem('invalid', `${file} cannot be written: ${(cause as Error).message}`, { code: 'output-unwritable', cause });
  }
}

interface Wanted { readonly showSuppressed: boolean; readonly format: string; readonly severities: ReadonlySet<string> | undefined; readonly fixedOnly: boolean; readonly failOn: number | undefined; readonly policy: string | undefined; readonly exitCode: number }

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
    showSuppressed: parsed.flag('show-suppressed'),
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
