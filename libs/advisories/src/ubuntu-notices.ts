import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import type { Advisory, Affected } from './advisory.ts';
import { type FeedRecord, type Parser, type ParseContext, type Reading, rejected } from './feed.ts';
import { jsonMembers } from './json-members.ts';
import { ubuntuEcosystem } from './ubuntu-cve-tracker.ts';
import { firstLine, isCve } from './words.ts';

/** A package that a notice repairs in a release, and from which pocket: `security`, or `esm-infra` of a subscription. */
interface Repair { readonly release: string; readonly pocket: string | undefined; readonly name: string; /** Notices of 2004 do not say it. */ readonly version: string | undefined; readonly isSource: boolean }
interface Notice { readonly id: string; readonly title: string; readonly published: string | undefined; readonly cves: readonly string[]; readonly repairs: readonly Repair[] }

/** Reads https://usn.ubuntu.com/usn-db/database.json, `{number: notice}`. */
export const parseUsnDatabase: Parser = (records, context) => notices(records, context, [], databaseNotice);

/** Reads https://ubuntu.com/security/notices.json, pages of `{notices: [notice]}`. */
export const parseUbuntuNotices: Parser = (records, context) => notices(records, context, ['notices'], pageNotice);

async function* notices(records: AsyncIterable<FeedRecord>, { source, limits }: ParseContext, path: readonly string[], noticeOf: (document: unknown) => Notice): AsyncGenerator<Reading> {
  for await (const record of records) {
    if (!/\.json$|^[^.]+$/i.test(record.name)) continue;
    for await (const { key, bytes } of jsonMembers(record, limits, path)) {
      try {
        yield { kind: 'advisory', advisory: advisoryOf(noticeOf(JSON.parse(Buffer.from(bytes).toString('utf8'))), source) };
      } catch (error) {
        yield rejected(`${record.name} ${key}`, error, bytes);
      }
    }
  }
}

const Packages = z.record(z.string(), z.object({ version: z.string().nullish(), pocket: z.string().nullish(), source: z.string().nullish() }));
const Database = z.object({
  id: z.string().regex(/^\d+-\d+$/), title: z.string(), timestamp: z.coerce.number(), cves: z.array(z.string()).nullish(),
  releases: z.record(z.string(), z.object({ sources: Packages.nullish(), binaries: Packages.nullish(), allbinaries: Packages.nullish() })),
});

function databaseNotice(document: unknown): Notice {
  const { id, title, timestamp, cves, releases } = Database.parse(document);
  const repairs = Object.entries(releases).flatMap(([release, { sources, binaries, allbinaries }]) => {
    const built = Object.entries(allbinaries ?? binaries ?? {}), [only] = built.map(([, { pocket }]) => pocket);
    // The pocket is said of what was built; what was built says its source, unless there is one alone.
    const pocketOf = (name: string) => built.find(([, one]) => one.source === name)?.[1].pocket ?? only ?? undefined;
    const listed = Object.entries(sources ?? {}).filter(([, { version }]) => version);
    return listed.length > 0
      ? listed.map(([name, { version }]): Repair => ({ release, pocket: pocketOf(name), name, version: version!, isSource: true }))
      : built.map(([name, { version, pocket }]): Repair => ({ release, pocket: pocket ?? undefined, name, version: version || undefined, isSource: false }));
  });
  return { id: `USN-${id}`, title, published: new Date(timestamp * 1000).toISOString(), cves: cves ?? [], repairs };
}

const Page = z.object({
  id: z.string().regex(/^[A-Z]+-\d+-\d+$/), title: z.string(), published: z.string(), cves_ids: z.array(z.string()).nullish(),
  release_packages: z.record(z.string(), z.array(z.object({ name: z.string(), version: z.string().nullish(), is_source: z.boolean(), pocket: z.string().nullish() }))),
});

function pageNotice(document: unknown): Notice {
  const { id, title, published, cves_ids: cves, release_packages: packages } = Page.parse(document);
  const repairs = Object.entries(packages).flatMap(([release, list]) => {
    const sources = list.filter(({ is_source: isSource, version }) => isSource && version), pocket = list.find((one) => one.pocket)?.pocket ?? undefined;
    return (sources.length > 0 ? sources : list).map(({ name, version, is_source: isSource, pocket: own }): Repair => ({ release, pocket: own ?? pocket, name, version: version || undefined, isSource }));
  });
  return { id, title, published: /Z$|[+-]\d\d:\d\d$/.test(published) ? published : `${published}Z`, cves: cves ?? [], repairs };
}

function advisoryOf({ id, title, published, cves, repairs }: Notice, source: string): Advisory {
  return {
    id, key: id, source, aliases: [], vulnerabilities: [...new Set(cves.filter(isCve))], title: firstLine(title),
    ...(published === undefined ? {} : { published }), severities: [], references: [`https://ubuntu.com/security/notices/${id}`],
    affected: repairs.map(affectedOf),
  };
}

/** Repairs of a subscription are in a stream of their own. */
function affectedOf({ release, pocket, name, version, isSource }: Repair): Affected {
  const label = pocket === undefined || ['security', 'updates', 'release'].includes(pocket) ? release : `${pocket}/${release}`, ecosystem = ubuntuEcosystem(label);
  if (ecosystem === undefined) throw invalid('record-release-unknown', `release '${label}' is not known`);
  const common = { ecosystem, name, ...(isSource ? {} : { names: 'binary' as const }) };
  if (version === undefined) return { ...common, status: 'undetermined', fix_state: 'available', vendor_status: 'fixed in a version not named' };
  return { ...common, status: 'affected', ranges: [{ fixed: version }], fix_state: 'available' };
}
