import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import { type Parser, rejected } from './feed.ts';
import { jsonMembers } from './json-members.ts';
import { type Notice, Notices } from './rpm-notices.ts';
import { severityWord } from './words.ts';

const Update = z.object({
  updateid: z.string().min(1), type: z.string(), title: z.string(), severity: z.string().nullish(), notes: z.string().nullish(), date_submitted: z.string().nullish(), date_modified: z.string().nullish(), date_pushed: z.string().nullish(), url: z.string().nullish(),
  release: z.object({ long_name: z.string() }),
  builds: z.array(z.object({ nvr: z.string(), epoch: z.coerce.number().nullish(), type: z.string() })),
  bugs: z.array(z.object({ title: z.string().nullish() })),
});

/** Reads pages of https://bodhi.fedoraproject.org/updates/?type=security, `{updates: [update]}`, or the bare list. Builds are named by their source; modules, containers and flatpaks are no packages. */
export const parseBodhi: Parser = async function* (records, { source, limits }) {
  const notices = new Notices(limits.records);
  for await (const record of records) {
    if (!/\.json$|^[^.]+$/i.test(record.name)) continue;
    for await (const { key, bytes } of jsonMembers(record, limits)) {
      // A page says its number and size beside the updates.
      if (key !== 'updates' && !/^\d+$/.test(key)) continue;
      let found: readonly Notice[] = [];
      try {
        const page: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
        found = (key === 'updates' && Array.isArray(page) ? page : [page]).map(noticeOf);
      } catch (error) {
        yield rejected(`${record.name} ${key}`, error, bytes);
      }
      for (const notice of found) notices.add(notice);
    }
  }
  for (const advisory of notices.advisories(source)) yield { kind: 'advisory', advisory };
};

function noticeOf(document: unknown): Notice {
  const update = Update.parse(document), [, family, release] = /^Fedora (?:(EPEL) )?(\d+)/.exec(update.release.long_name) ?? [];
  if (release === undefined) throw invalid('record-release-unknown', `${update.updateid} is of '${update.release.long_name.slice(0, 100)}', a release not known`);
  const cvesIn = (text: string): readonly string[] => text.match(/\bCVE-\d{4}-\d{4,}\b/g) ?? [];
  const named = new Set(update.bugs.flatMap(({ title }) => cvesIn(title ?? '')));
  return {
    id: update.updateid, ecosystem: `${family === undefined ? 'Fedora' : 'EPEL'}:${release}`, title: update.title, published: timeOf(update.date_submitted), modified: timeOf(update.date_modified ?? update.date_pushed ?? update.date_submitted),
    severity: severityWord(update.severity ?? undefined), cves: named.size > 0 ? [...named] : [...new Set(cvesIn(update.notes ?? ''))], references: [update.url ?? ''],
    builds: update.builds.flatMap(({ nvr, epoch, type }) => {
      const [, name, version, build] = /^(.+)-([^-]+)-([^-]+)$/.exec(nvr) ?? [];
      return type !== 'rpm' || name === undefined ? [] : [{ name, evr: `${epoch ?? 0}:${version}-${build}`, arch: 'src' }];
    }),
  };
}

/** `2023-11-23 12:31:23`, in UTC. */
const timeOf = (text: string | null | undefined): string | undefined => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text ?? '') ? `${text!.replace(' ', 'T')}Z` : undefined;
