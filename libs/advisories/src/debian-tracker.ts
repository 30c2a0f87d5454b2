import { invalid, Problem } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { type Parser, type ParseContext, type Reading, rejected } from './feed.ts';
import { jsonMembers } from './json-members.ts';
import { firstLine, isCve, severityWord } from './words.ts';

/** Release names and numbers, https://www.debian.org/releases/; sid has none. Adding a release is one line. */
const releases: Readonly<Record<string, string>> = {
  hamm: '2', slink: '2.1', potato: '2.2', woody: '3', sarge: '3.1', etch: '4', lenny: '5', squeeze: '6', wheezy: '7', jessie: '8', stretch: '9', buster: '10', bullseye: '11', bookworm: '12', trixie: '13', forky: '14', duke: '15', sid: 'unstable',
};

/** `bookworm` → `Debian:12`; undefined for a name not known. */
export const debianEcosystem = (codename: string): string | undefined =>
  Object.hasOwn(releases, codename) ? `Debian:${releases[codename]}` : undefined;

const Issue = z.object({
  description: z.string().nullish(),
  releases: z.record(z.string(), z.object({
    status: z.string(),
    fixed_version: z.string().nullish(),
    urgency: z.string().nullish(),
    nodsa: z.string().nullish(),
    nodsa_reason: z.string().nullish(),
  })),
});
type Release = z.output<typeof Issue>['releases'][string];

/**
 * Reads https://security-tracker.debian.org/tracker/data/json: `{source package: {issue: {releases: {codename: …}}}}`,
 * one advisory per source package and issue, in memory one package at a time.
 */
export const parseDebianTracker: Parser = async function* (records, context) {
  for await (const record of records) {
    for await (const { key: name, bytes } of jsonMembers(record, context.limits)) {
      yield* packageIssues(name, bytes, context);
    }
  }
};

async function* packageIssues(name: string, bytes: Uint8Array, { source, limits }: ParseContext): AsyncGenerator<Reading> {
  const chunks = async function* () { yield bytes; };
  try {
    for await (const member of jsonMembers({ name, chunks: chunks() }, limits)) {
      try {
        yield { kind: 'advisory', advisory: advisoryOf(name, member.key, member.bytes, source) };
      } catch (error) {
        yield rejected(`${name} ${member.key}`, error, member.bytes);
      }
    }
  } catch (error) {
    // The outer reader found where this package ends, so what is broken is inside it.
    yield rejected(name, error instanceof Problem ? invalid('record-malformed', error.detail, error) : error, bytes);
  }
}

function advisoryOf(name: string, id: string, bytes: Uint8Array, source: string): Advisory {
  const issue = Issue.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  const affected = Object.entries(issue.releases).map(([codename, release]) => affectedOf(name, codename, release));
  return {
    id, key: `${id}/${name}`, source,
    aliases: [], vulnerabilities: [],
    ...(issue.description ? { title: firstLine(issue.description) } : {}),
    severities: [],
    references: [`https://security-tracker.debian.org/tracker/${isCve(id) ? id : encodeURIComponent(id)}`],
    affected,
  };
}

/** https://security-team.debian.org/security_tracker.html, "Severity levels" and "NOTE and state lines". */
function affectedOf(name: string, codename: string, release: Release): Affected {
  const ecosystem = debianEcosystem(codename);
  if (ecosystem === undefined) throw invalid('record-release-unknown', `${name}: release '${codename}' is not known`);
  const urgency = release.urgency?.replace(/\*+$/, '') ?? '';
  const severity = severityWord(urgency);
  const common = { ecosystem, name, ...(severity === undefined ? {} : { severity }) };
  switch (release.status) {
    case 'resolved':
      if (!release.fixed_version) throw invalid('record-malformed', `${name}: resolved in ${codename} without a version`);
      // "0" says that the release never had it.
      return release.fixed_version === '0'
        ? { ...common, status: 'not-affected', fix_state: 'available' }
        : { ...common, status: 'affected', ranges: [{ fixed: release.fixed_version }], fix_state: 'available' };
    case 'open':
      // Repaired in a version that this release does not have yet.
      if (release.fixed_version && release.fixed_version !== '0') return { ...common, status: 'affected', ranges: [{ fixed: release.fixed_version }], fix_state: 'available' };
      return { ...common, status: 'affected', ...fixStateOf(release, urgency) };
    case 'undetermined':
      return { ...common, status: 'undetermined', fix_state: 'unknown', vendor_status: 'undetermined' };
    default:
      throw invalid('record-status-unknown', `${name}: status '${release.status}' in ${codename} is not known`);
  }
}

/** `nodsa_reason` is `ignored` (will not be fixed), `postponed` (with the next update) or empty (too minor for a notice of its own). */
function fixStateOf(release: Release, urgency: string): Pick<Affected, 'fix_state' | 'vendor_status'> {
  if (urgency === 'end-of-life') return { fix_state: 'end-of-life', vendor_status: 'end-of-life' };
  if (release.nodsa_reason === 'ignored') return { fix_state: 'wont-fix', vendor_status: 'ignored' };
  if (release.nodsa_reason === 'postponed') return { fix_state: 'none-yet', vendor_status: 'postponed' };
  if (release.nodsa !== undefined && release.nodsa !== null) return { fix_state: 'none-yet', vendor_status: 'no-dsa' };
  return { fix_state: 'none-yet', ...(urgency === 'unimportant' ? { vendor_status: 'unimportant' } : {}) };
}
