import type { Answer, CompactFinding, DiffImages, ImageAsOf } from '@plimsoll/contracts';
import { type Command, json } from './command.ts';
import { digestOf } from './on-platform.ts';
import { openPlatform, platformOptions } from './platform.ts';
import { jsonText, paint, plural, say, table, wrap } from './terminal.ts';

export const command: Command = {
  usage: 'FROM TO',
  about: `Shows what differs between two images of a platform, or between two feed revisions of one: packages, and findings that came,
went or changed. Each side is a digest or part of a reference, with @N for its findings as of feed revision N.`,
  options: { json, ...platformOptions, all: { type: 'boolean', what: 'every row, not the first 30 of each list' } },
  words: [2, 2],
  async run(parsed) {
    const platform = await openPlatform(parsed);
    const side = async (name: string): Promise<string> => {
      const [, image, revision] = /^(.+?)(@\d{1,9})?$/.exec(name) as unknown as [string, string, string?];
      return `${await digestOf(platform, image)}${revision ?? ''}`;
    };
    const [from, to] = parsed.positionals as [string, string];
    const diff = await platform.call<Answer<typeof DiffImages>>('GET', '/v1/projects/{project}/diff', { query: { from: await side(from), to: await side(to) } });
    say(parsed.flag('json') ? jsonText(diff) : diffText(diff, parsed.flag('all') ? Infinity : 30));
    return 0;
  },
};

/** What came, what went, what changed; the worst first. */
export function diffText({ from, to, packages, added, removed, changed, totals }: Answer<typeof DiffImages>, rows: number): string {
  const fixed = ({ state, fixed_version, fix_state }: CompactFinding): string => state === 'undetermined' ? 'cannot tell' : fixed_version ?? (fix_state === 'available' ? 'yes' : '');
  const list = (title: string, colour: 'red' | 'green' | 'yellow', findings: readonly (readonly [CompactFinding, string])[], total: number): string[] => total === 0 ? [] : [
    paint(colour, ` ${title}: ${total}`),
    table([{ title: 'Severity' }, { title: 'Finding' }, { title: 'Package', gives: true }, { title: 'Version', gives: true }, { title: 'Fixed in', gives: true }],
      findings.slice(0, rows).map(([finding, repair]) => [finding.severity, finding.id, finding.package, finding.version || '(none)', repair])),
    ...(total > Math.min(rows, findings.length) ? [paint('dim', ` … ${total - Math.min(rows, findings.length)} more`)] : []), '',
  ];
  const versions = (some: readonly string[]): string => some.join(', ') || '(none)';
  return [
    `${paint('bold', from.reference)} ${asOf(from)}`, `${paint('bold', to.reference)} ${asOf(to)}`, '',
    ...list('Came', 'red', added.map((finding) => [finding, fixed(finding)] as const), totals.added),
    ...list('Went', 'green', removed.map((finding) => [finding, fixed(finding)] as const), totals.removed),
    ...list('Changed', 'yellow', changed.map((pair) => [pair.to, `${fixed(pair.from) || 'no fix'} → ${fixed(pair.to) || 'no fix'}${pair.from.severity === pair.to.severity ? '' : `, was ${pair.from.severity}`}`] as const), totals.changed),
    ...(packages.length === 0 ? [] : [
      ` Packages: ${totals.packages}`,
      table([{ title: 'Package', gives: true }, { title: 'From', gives: true }, { title: 'To', gives: true }], packages.slice(0, rows).map(({ name, from: was, to: is }) => [name, versions(was), versions(is)])),
      ...(totals.packages > Math.min(rows, packages.length) ? [paint('dim', ` … ${totals.packages - Math.min(rows, packages.length)} more`)] : []), '',
    ]),
    wrap(`${plural(totals.unchanged, 'finding')} in both alike; ${from.summary.total} before, ${to.summary.total} after`, ' '),
  ].join('\n');
}

const asOf = ({ digest, revision }: ImageAsOf): string => paint('dim', `${digest.slice(7, 19)}, as of feed revision ${revision}`);
