import { z } from 'zod';
import { invalid } from '@plimsoll/problem';
import { type Parser, type ParseContext, type FeedRecord, type Reading, rejected } from './feed.ts';
import { jsonMembers } from './json-members.ts';
import { isModular } from './module-streams.ts';
import { type Notice, Notices } from './rpm-notices.ts';
import { isCve, severityWord } from './words.ts';

/** Reads https://errata.almalinux.org/9/errata.full.json: `{data: [notice]}`. */
export const parseAlmaErrata: Parser = (records, context) => errata(records, context, 'data', almaNotices);

/** Reads pages of https://apollo.build.resf.org/api/v3/advisories/: `{advisories: [notice]}`. */
export const parseRockyErrata: Parser = (records, context) => errata(records, context, 'advisories', rockyNotices);

async function* errata(records: AsyncIterable<FeedRecord>, { source, limits }: ParseContext, member: string, noticesOf: (document: unknown) => readonly Notice[]): AsyncGenerator<Reading> {
  const notices = new Notices(limits.records);
  for await (const record of records) {
    if (!/\.json$|^[^.]+$/i.test(record.name)) continue;
    for await (const { key, bytes } of jsonMembers(record, limits, [member])) {
      let found: readonly Notice[] = [];
      try {
        found = noticesOf(JSON.parse(Buffer.from(bytes).toString('utf8')));
      } catch (error) {
        yield rejected(`${record.name} ${member}[${key}]`, error, bytes);
      }
      for (const notice of found) notices.add(notice);
    }
  }
  for (const advisory of notices.advisories(source)) yield { kind: 'advisory', advisory };
}

const Alma = z.object({
  id: z.string().min(1), type: z.string(), title: z.string(), severity: z.string().nullish(), issued_date: z.number(), updated_date: z.number(),
  packages: z.array(z.object({ name: z.string().min(1), epoch: z.coerce.string().nullish(), version: z.string().min(1), release: z.string().min(1), arch: z.string(), module: z.string().nullish() })),
  modules: z.array(z.object({ name: z.string(), stream: z.coerce.string() })).nullish(),
  references: z.array(z.object({ id: z.string(), type: z.string(), href: z.string() })),
});

function almaNotices(document: unknown): readonly Notice[] {
  const { id, type, title, severity, issued_date: issued, updated_date: updated, packages, modules, references } = Alma.parse(document);
  const cves = references.flatMap((one) => isCve(one.id) ? [one.id] : []);
  if (type !== 'security' && cves.length === 0) return [];
  const major = references.map(({ href }) => /\/\/errata\.almalinux\.org\/(\d+)\//.exec(href)?.[1]).find((one) => one !== undefined)
    ?? packages.map(({ release }) => /[._]el(\d+)/.exec(release)?.[1]).find((one) => one !== undefined);
  if (major === undefined) throw invalid('record-release-unknown', `${id} does not say of which release it is`);
  // With one module its stream is that of all builds made for modules; with several, a package may be of any.
  const streams = [...new Set((modules ?? []).map(({ name, stream }) => `${name}:${stream}`).filter((stream) => !stream.split(':')[0]!.endsWith('-devel')))];
  return [{
    id, ecosystem: `AlmaLinux:${major}`, title, severity: rating(severity), published: fromSeconds(issued), modified: fromSeconds(updated), cves, references: references.map(({ href }) => href),
    builds: packages.map(({ name, epoch, version, release, arch, module }) => ({
      name, arch, evr: `${epoch || '0'}:${version}-${release}`, module: module?.split(':').slice(0, 2).join(':') ?? (isModular(release) && streams.length === 1 ? streams[0] : undefined),
    })),
  }];
}

const Rocky = z.object({
  name: z.string().min(1), kind: z.string(), synopsis: z.string(), severity: z.string().nullish(), published_at: z.string(), updated_at: z.string().nullish(),
  cves: z.array(z.object({ cve: z.string() })),
  packages: z.array(z.object({ nevra: z.string(), module_name: z.string().nullish(), module_stream: z.string().nullish(), product_name: z.string() })),
});

/** One notice per release: a notice may bring builds for several. */
function rockyNotices(document: unknown): readonly Notice[] {
  const { name: id, kind, synopsis, severity, published_at: published, updated_at: updated, cves, packages } = Rocky.parse(document);
  if (kind !== 'Security' && cves.length === 0) return [];
  const releases = Map.groupBy(packages, ({ product_name: product }) => /^Rocky Linux (\d+)/.exec(product)?.[1] ?? '');
  if (releases.has('')) throw invalid('record-release-unknown', `${id} has a package of '${releases.get('')![0]!.product_name}', a release not known`);
  return [...releases].map(([release, list]) => ({
    id, ecosystem: `Rocky Linux:${release}`, title: synopsis, severity: rating(severity), published, modified: updated ?? undefined,
    cves: cves.map(({ cve }) => cve).filter(isCve), references: [`https://errata.rockylinux.org/${id}`],
    builds: list.map(({ nevra, module_name: module, module_stream: stream }) => {
      const [, name, evr, arch] = /^(.+)-(\d+:[^-]+-[^-]+)\.(\w+)$/.exec(nevra.replace(/\.rpm$/, '')) ?? [];
      if (name === undefined) throw invalid('record-malformed', `'${nevra.slice(0, 200)}' is no package`);
      return { name, evr: evr!, arch: arch!, module: module && stream ? `${module}:${stream}` : undefined };
    }),
  }));
}

/** `None` is no rating but that of updates without one. */
const rating = (word: string | null | undefined) => { const severity = severityWord(word ?? undefined); return severity === 'negligible' ? undefined : severity; };
const fromSeconds = (seconds: number): string => new Date(seconds * 1000).toISOString();
