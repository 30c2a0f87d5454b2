import { createHash } from 'node:crypto';
import { invalid } from '@plimsoll/problem';
import type { Advisory, Affected } from './advisory.ts';
import { debianEcosystem } from './debian-tracker.ts';
import { bytesOf, notJson, type Parser, rejected } from './feed.ts';
import { compare } from './order.ts';
import { firstLine, isCve, severityWord } from './words.ts';

/** Bytes of the lists together, which are held until all are known; they had 50 MB in 2026. Beyond: `feed-too-large`. */
const mostBytes = 512 * 1024 * 1024;

/** One line of an entry: `[bookworm] - curl 7.88.1-10+deb12u6 (bug #1; low)`; without a release it is about unstable. */
interface Line { readonly release: string | undefined; readonly name: string; /** A version, or a state: `<unfixed>`. */ readonly state: string; readonly flags: string }
interface Entry { readonly id: string; readonly title: string; readonly date: string | undefined; readonly text: string; readonly cves: readonly string[]; readonly lines: readonly Line[] }
type Kind = 'DSA' | 'DLA' | 'DTSA' | 'CVE';

/**
 * Reads the lists that Debian's security team edits, `data/{CVE,DSA,DLA,DTSA}/list` of
 * https://salsa.debian.org/security-tracker-team/security-tracker. Every notice is an advisory; where the list of CVEs is
 * there, so is every CVE of a source package, which then answers for the notices too: they repair what it names.
 * Of several copies of a list the one with the shortest path is read.
 */
export const parseDebianLists: Parser = async function* (records, { source, limits }) {
  const lists = new Map<Kind, { name: string; text: string }>();
  let size = 0, stranger: string | undefined;
  for await (const record of records) {
    // The tracker keeps other lists beside: names of platforms, updates that are planned.
    if (record.name.includes('/') && !/\/(?:CVE|DSA|DLA|DTSA)(?:\/list)?$/.test(`/${record.name}`)) continue;
    const bytes = await bytesOf(record, limits.feedBytes), text = bytes.toString('utf8'), kind = kindOf(text);
    if (kind === undefined) {
      if (bytes.length === 0 || /^\s*</.test(text)) throw notJson(record.name, bytes);
      stranger ??= record.name;
      continue;
    }
    size += bytes.length;
    if (size > mostBytes) throw invalid('feed-too-large', `the lists have more than ${mostBytes} bytes together`);
    const other = lists.get(kind), depth = (name: string) => name.split('/').length;
    const [kept, left] = other === undefined ? [record] : depth(record.name) < depth(other.name) ? [record, other] : [other, record];
    if (kept === record) lists.set(kind, { name: record.name, text });
    if (left !== undefined) yield rejected(left.name, invalid('record-duplicate', `${left.name} is another copy of the list of ${kind}s; ${kept.name} is read`), text);
  }
  if (lists.size === 0 && stranger !== undefined) throw invalid('feed-malformed', `${stranger} is no list of the Debian security tracker`);
  const repairs = new Map<string, Map<string, string>>();
  for (const kind of ['DSA', 'DLA', 'DTSA'] as const) {
    for (const entry of entriesOf(lists.get(kind)?.text ?? '')) {
      try {
        const advisory = noticeOf(entry, source);
        if (lists.has('CVE')) remember(repairs, entry);
        // What it repairs is said of each CVE; said twice, an older notice would speak against a newer.
        yield { kind: 'advisory', advisory: lists.has('CVE') && entry.cves.length > 0 ? { ...advisory, affected: [] } : advisory };
      } catch (error) {
        yield rejected(entry.id, error, entry.text);
      }
    }
  }
  for (const entry of entriesOf(lists.get('CVE')?.text ?? '')) {
    for (const name of new Set(entry.lines.map((line) => line.name))) {
      try {
        const advisory = issueOf(entry, name, repairs, source);
        if (advisory.affected.length > 0) yield { kind: 'advisory', advisory };
      } catch (error) {
        yield rejected(`${entry.id} ${name}`, error, entry.text);
      }
    }
  }
};

/** A list is told from its first line: copies of it have other names. */
const kindOf = (text: string): Kind | undefined => {
  const head = text.slice(0, 4096);
  return (/^\[[^\]\n]{4,40}\] (DSA|DLA|DTSA)-\d+/m.exec(head)?.[1] ?? /^(CVE)-\d{4}-(?:\d{4,}|XXXX)(?: [([]|$)/m.exec(head)?.[1]) as Kind | undefined;
};

const header = /^(?:\[([^\]]+)\] )?((?:DSA|DLA|DTSA|CVE)-\S+)\s*(.*)$/;
const line = /^\[?([a-z]+)?\]? ?- (\S+) (<[^>]+>|\S+)(.*)$/;

/** Entries begin at the margin and go on with indented lines. */
function* entriesOf(text: string): Generator<Entry> {
  let at = 0;
  while (at < text.length) {
    // The next line that begins at the margin ends this entry.
    const next = /\n(?=\S)/g;
    next.lastIndex = at;
    const end = next.exec(text)?.index ?? text.length;
    const raw = text.slice(at, end), [first = '', ...rest] = raw.split('\n').map((part) => part.trim());
    at = end + 1;
    const [, date, id, title] = header.exec(first) ?? [];
    if (id === undefined) continue;
    const lines: Line[] = [], cves: string[] = [];
    for (const part of rest) {
      const [, release, name, state, flags] = line.exec(part) ?? [];
      if (name !== undefined) lines.push({ release, name, state: state!, flags: flags!.trim() });
      else if (part.startsWith('{')) cves.push(...part.replace(/[{}]/g, ' ').split(/\s+/).filter((one) => one !== ''));
    }
    yield { id, title: title!.replace(/^[([]|[)\]]$/g, ''), date: date === undefined ? undefined : dateOf(date), text: raw, cves, lines };
  }
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** `21 Aug 2026`, and `August 26th, 2005` of the notices for testing. */
function dateOf(text: string): string | undefined {
  const day = /\b(\d{1,2})(?:st|nd|rd|th)?\b/.exec(text)?.[1], year = /\b(\d{4})\b/.exec(text)?.[1], month = months.findIndex((name) => new RegExp(`\\b${name}`, 'i').test(text));
  return day === undefined || year === undefined || month < 0 ? undefined : `${year}-${String(month + 1).padStart(2, '0')}-${day.padStart(2, '0')}T00:00:00Z`;
}

function noticeOf({ id, title, date, cves, lines }: Entry, source: string): Advisory {
  return {
    id, key: id, source, aliases: [], vulnerabilities: cves.filter((cve) => isCve(cve)),
    ...(title === '' ? {} : { title: firstLine(title) }), ...(date === undefined ? {} : { published: date }),
    severities: [], references: [`https://security-tracker.debian.org/tracker/${id}`],
    affected: lines.flatMap((one) => one.release === undefined ? [] : affectedOf(one, undefined)),
  };
}

/** The highest version that any notice names for a problem, by problem and source package and then release. */
function remember(repairs: Map<string, Map<string, string>>, { cves, lines }: Entry): void {
  for (const { release, name, state } of lines) {
    if (release === undefined || state.startsWith('<')) continue;
    for (const cve of cves) {
      const key = `${cve} ${name}`, versions = repairs.get(key) ?? new Map<string, string>(), before = versions.get(release);
      if (before === undefined || (compare('Debian', before, state) ?? 0) < 0) versions.set(release, state);
      repairs.set(key, versions);
    }
  }
}

/** Releases that a CVE is judged in where no line names them: those that had support when the list became what it is. */
const releasesJudged = ['stretch', 'buster', 'bullseye', 'bookworm', 'trixie', 'forky'];

function issueOf(entry: Entry, name: string, repairs: ReadonlyMap<string, ReadonlyMap<string, string>>, source: string): Advisory {
  const { id: written, title } = entry, lines = entry.lines.filter((one) => one.name === name);
  const id = written.includes('XXXX') ? temporaryId(entry) : written;
  const unstable = lines.find(({ release }) => release === undefined), named = lines.filter(({ release }) => release !== undefined && release !== 'experimental');
  const notices = repairs.get(`${written} ${name}`) ?? new Map<string, string>();
  const affected: Affected[] = [];
  if (unstable !== undefined && !['<itp>', '<removed>'].includes(unstable.state)) affected.push(...affectedOf({ ...unstable, release: 'sid' }, undefined));
  for (const one of named) affected.push(...affectedOf(one, unstable));
  for (const [release, state] of notices) if (!named.some((one) => one.release === release)) affected.push(...affectedOf({ release, name, state, flags: unstable?.flags ?? '' }, unstable));
  if (unstable !== undefined && unstable.state !== '<itp>') {
    for (const release of releasesJudged) if (!notices.has(release) && !named.some((one) => one.release === release)) affected.push(...affectedOf({ release, name, state: '<unfixed>', flags: unstable.flags }, unstable));
  }
  return {
    id, key: `${id}/${name}`, source, aliases: [], vulnerabilities: [],
    ...(title === '' ? {} : { title: firstLine(title) }),
    severities: [], references: [`https://security-tracker.debian.org/tracker/${id}`], affected,
  };
}

/** A problem without a CVE has a name made of its bug and its description, as the tracker's pages call it. */
function temporaryId({ title, text }: Entry): string {
  const bug = /bug #(\d+)/.exec(text)?.[1] ?? '0';
  return `TEMP-${bug.padStart(7, '0')}-${createHash('md5').update(title).digest('hex').slice(0, 6).toUpperCase()}`;
}

/** https://security-team.debian.org/security_tracker.html, "NOTE and state lines". What unstable has decides where a release's line names no version. */
function affectedOf({ release, name, state, flags }: Line, unstable: Line | undefined): Affected[] {
  const ecosystem = debianEcosystem(release!);
  if (ecosystem === undefined) throw invalid('record-release-unknown', `${name}: release '${release}' is not known`);
  const urgency = /\b(unimportant|low|medium|high)\b/.exec(flags.replace(/^\(|\)$/g, '').split(';').at(-1) ?? '')?.[1];
  const severity = severityWord(urgency), common = { ecosystem, name, ...(severity === undefined ? {} : { severity }) };
  if (!state.startsWith('<')) return [state === '0' ? { ...common, status: 'not-affected', fix_state: 'available' } : { ...common, status: 'affected', ranges: [{ fixed: state }], fix_state: 'available' }];
  const word = state.slice(1, -1), noFix = (fixState: Affected['fix_state'], said: string | undefined): Affected[] => {
    // Releases that took over a repaired version are not affected; before it, nothing says that the release will have it.
    const upper = unstable === undefined || unstable.state.startsWith('<') ? undefined : unstable.state;
    if (unstable?.state === '<not-affected>' && said === undefined) return [{ ...common, status: 'not-affected', fix_state: 'available' }];
    if (unstable?.state === '<undetermined>' && said === undefined) return [{ ...common, status: 'undetermined', fix_state: 'unknown', vendor_status: 'undetermined' }];
    return [{ ...common, status: 'affected', ...(upper === undefined ? {} : { ranges: [{ limit: upper }] }), fix_state: fixState, ...(said === undefined ? urgency === 'unimportant' ? { vendor_status: urgency } : {} : { vendor_status: said }) }];
  };
  switch (word) {
    case 'not-affected': return [{ ...common, status: 'not-affected', fix_state: 'available' }];
    case 'unfixed': return noFix('none-yet', undefined);
    case 'no-dsa': case 'postponed': return noFix('none-yet', word);
    case 'ignored': return noFix('wont-fix', word);
    case 'end-of-life': return noFix('end-of-life', word);
    case 'undetermined': return [{ ...common, status: 'undetermined', fix_state: 'unknown', vendor_status: word }];
    case 'removed': case 'itp': return [];
    default: throw invalid('record-status-unknown', `${name}: state '${state}' in ${release} is not known`);
  }
}
