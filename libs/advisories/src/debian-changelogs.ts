import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory } from './advisory.ts';
import { debianEcosystem } from './debian-tracker.ts';
import { type Parser, rejected } from './feed.ts';
import { jsonMembers } from './json-members.ts';
import { isCve } from './words.ts';

const Source = z.record(z.string(), z.object({ version: z.string().min(1), date: z.string().nullish(), dist: z.string().nullish() }));

/**
 * Reads what the changelogs of Debian's packages say of CVEs, `{suite: {source package: {CVE: {version, date}}}}`: the
 * oldest entry that names it. One advisory per suite, source and CVE; nothing is said of what no changelog names.
 */
export const parseDebianChangelogs: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    for await (const { key: suite, bytes } of jsonMembers(record, limits)) {
      const ecosystem = debianEcosystem(suite);
      if (ecosystem === undefined) {
        yield rejected(suite, invalid('record-release-unknown', `suite '${suite}' is not known`), bytes);
        continue;
      }
      const chunks = async function* () { yield bytes; };
      for await (const { key: name, bytes: text } of jsonMembers({ name: suite, chunks: chunks() }, limits)) {
        try {
          const { _current: _, ...cves } = Source.parse(JSON.parse(Buffer.from(text).toString('utf8')));
          for (const [id, { version, date, dist }] of Object.entries(cves)) {
            if (!isCve(id)) yield rejected(`${suite} ${name} ${id}`, invalid('record-id-unreadable', `'${id.slice(0, 100)}' is no CVE`));
            else yield { kind: 'advisory', advisory: advisoryOf(id, ecosystem, name, fixedFor(suite, version, dist ?? suite), date ?? '', source) };
          }
        } catch (error) {
          yield rejected(`${suite} ${name}`, error, text);
        }
      }
    }
  }
};

/** What was repaired in unstable is repaired in its builds for a release too, `5.2-1~deb12u1`, which come before it. */
const fixedFor = (suite: string, version: string, dist: string): string => dist.startsWith(suite) ? version : `${version}~`;

function advisoryOf(id: string, ecosystem: string, name: string, fixed: string, date: string, source: string): Advisory {
  const time = Date.parse(date);
  return {
    id, key: `${id}/${name}@${ecosystem}`, source, aliases: [], vulnerabilities: [],
    ...(Number.isNaN(time) ? {} : { modified: new Date(time).toISOString() }),
    severities: [], references: [`https://security-tracker.debian.org/tracker/${id}`],
    affected: [{ ecosystem, name, status: 'affected', ranges: [{ fixed }], fix_state: 'available', vendor_status: 'changelog' }],
  };
}
