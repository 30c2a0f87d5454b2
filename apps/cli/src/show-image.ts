import type { Finding } from '@plimsoll/matching';
import type { Answer, GetFindings, GetVerdict, ImageItem, Page } from '@plimsoll/contracts';
import type { Platform } from './platform.ts';
import { findingsTable, summaryLine, verdictLines, whatItIs } from './report-table.ts';
import { paint, plural, say, wrap } from './terminal.ts';

type Findings = Answer<typeof GetFindings>;

/** An image's findings and verdict as the platform knows them. */
export async function showImage(platform: Platform, digest: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<void> {
  const [image, findings, verdict] = await Promise.all([
    platform.call<ImageItem>('GET', `/v1/projects/{project}/images/${digest}`),
    allFindings(platform, digest, query),
    platform.call<Answer<typeof GetVerdict>>('GET', `/v1/projects/{project}/images/${digest}/verdict`),
  ]);
  say([
    paint('bold', image.reference),
    wrap(paint('dim', [...whatItIs(image.platform, image.os), plural(image.packages ?? 0, 'package'), `feed revision ${findings.revision}`].join('; ')), ''), paint('dim', digest), '',
    ...(findings.items.length ? [findingsTable(findings.items), ''] : []),
    wrap(summaryLine({ summary: findings.summary, findings: findings.items, packages: image.packages ?? 0 }), ' '), '',
    // A verdict is of now, whatever the findings are of.
    ...(query['as_of'] === undefined ? verdictLines(verdict) : []),
  ].join('\n').trimEnd());
}

/** Every page of an image's findings. */
export async function allFindings(platform: Platform, digest: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<Findings> {
  const items: Finding[] = [];
  for (let token: string | undefined; ;) {
    const page: Findings = await platform.call<Findings>('GET', `/v1/projects/{project}/images/${digest}/findings`, { query: { ...query, limit: 500, page_token: token } });
    items.push(...page.items);
    token = page.next_page_token;
    if (!token) return { ...page, items };
  }
}

/** The digest of an image that was named by digest or by part of its reference. */
export async function findImage(platform: Platform, name: string): Promise<ImageItem> {
  if (/^sha256:[0-9a-f]{64}$/.test(name)) return platform.call<ImageItem>('GET', `/v1/projects/{project}/images/${name}`);
  const { items } = await platform.call<Page<ImageItem>>('GET', '/v1/projects/{project}/images', { query: { search: name, limit: 2 } });
  const [only, another] = items;
  const { Problem } = await import('@plimsoll/problem');
  if (!only) throw new Problem('missing', `no image like ${name}; \`plimsoll images\` lists them`, { code: 'image-missing' });
  if (another && only.reference !== name) throw new Problem('invalid', `several images are like ${name}; name one by its digest (\`plimsoll images --search ${name}\`)`, { code: 'image-ambiguous' });
  return only;
}
