import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory } from './advisory.ts';
import { type Parser, rejected } from './feed.ts';
import { jsonMembers } from './json-members.ts';
import { affectedByLines, isElsewhere, type Line } from './ubuntu-cve-tracker.ts';
import { firstLine, severityWord } from './words.ts';

const Cve = z.object({
  id: z.string().regex(/^CVE-\d{4}-\w+$/), description: z.string().nullish(), ubuntu_description: z.string().nullish(), priority: z.string().nullish(), published: z.string().nullish(), updated_at: z.string().nullish(),
  references: z.array(z.string()).nullish(),
  packages: z.array(z.object({
    name: z.string().min(1),
    statuses: z.array(z.object({ release_codename: z.string(), status: z.string(), description: z.string().nullish(), pocket: z.string().nullish() })),
  })).nullish(),
});

/**
 * Reads https://ubuntu.com/security/cves.json, pages of `{cves: [CVE]}`: what the tracker's files say, for the releases
 * that had support when it was asked.
 */
export const parseUbuntuCves: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/\.json$|^[^.]+$/i.test(record.name)) continue;
    for await (const { key, bytes } of jsonMembers(record, limits, ['cves'])) {
      try {
        const cve = Cve.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))), unread: string[] = [];
        yield { kind: 'advisory', advisory: advisoryOf(cve, unread, source) };
        if (unread.length > 0) yield rejected(`${record.name} ${cve.id}`, invalid('record-line-unreadable', `${cve.id}: ${unread.length} statuses cannot be read, the first: ${unread[0]}`), unread.join('\n'));
      } catch (error) {
        yield rejected(`${record.name} cves[${key}]`, error, bytes);
      }
    }
  }
};

function advisoryOf(cve: z.output<typeof Cve>, unread: string[], source: string): Advisory {
  const severity = severityWord(cve.priority ?? undefined), title = cve.ubuntu_description || cve.description, published = timeOf(cve.published), modified = timeOf(cve.updated_at);
  const lines = (cve.packages ?? []).flatMap(({ name, statuses }) => statuses.flatMap(({ release_codename: release, status, description, pocket }): Line[] => {
    const label = pocket && !['security', 'updates', 'release'].includes(pocket) && !release.includes('/') ? `${pocket}/${release}` : release;
    return status === 'DNE' || isElsewhere(release) ? [] : [{ label, name, status, remark: description?.trim() ?? '' }];
  }));
  return {
    id: cve.id, key: cve.id, source, aliases: [], vulnerabilities: [],
    ...(title ? { title: firstLine(title) } : {}), ...(published === undefined ? {} : { published }), ...(modified === undefined ? {} : { modified }),
    severities: [], ...(severity === undefined ? {} : { severity }),
    references: [`https://ubuntu.com/security/${cve.id}`, ...cve.references ?? []].slice(0, 8),
    affected: affectedByLines(lines, new Map(), unread),
  };
}

/** Times come with a zone or without one, which is UTC. */
const timeOf = (text: string | null | undefined): string | undefined => !text ? undefined : /(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`;
