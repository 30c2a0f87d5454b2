import { basename } from 'node:path';
import { invalid } from '@plimsoll/problem';
import type { Advisory, Affected, Range } from './advisory.ts';
import { ofRecord, type Parser, rejected } from './feed.ts';
import { compare } from './order.ts';
import { firstLine, isCve, severityWord } from './words.ts';
import { type XmlElement, xmlDocument } from './xml-elements.ts';

/**
 * Reads Gentoo's advisories, one `glsa-202305-28.xml` each (https://www.gentoo.org/glep/glep-0014.html). What the
 * vulnerable ranges hold and the unaffected do not is affected.
 */
export const parseGlsa: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    if (!/\.xml$/i.test(record.name) || /^(?:index|metadata)/.test(basename(record.name))) continue;
    try {
      yield { kind: 'advisory', advisory: advisoryOf(await xmlDocument(record, limits, 'glsa'), source) };
    } catch (error) {
      yield rejected(record.name, ofRecord(error));
    }
  }
};

function advisoryOf(glsa: XmlElement, source: string): Advisory {
  const number = glsa.attribute('id'), links = glsa.all('references', 'uri'), severity = severityWord(glsa.first('impact')?.attribute('type').replace(/^normal$/, 'medium'));
  if (!/^\d{6}-\d+$/.test(number)) throw invalid('record-id-unreadable', `'${number.slice(0, 100)}' is no number of a GLSA`);
  const day = /\d{4}-\d\d-\d\d/, published = day.exec(glsa.textOf('announced'))?.[0], modified = day.exec(glsa.textOf('revised'))?.[0] ?? published;
  return {
    id: `GLSA-${number}`, key: `GLSA-${number}`, source, aliases: [],
    vulnerabilities: [...new Set(links.map(({ text }) => text.trim().replace(/^CAN-/, 'CVE-')).filter(isCve))],
    title: firstLine(glsa.textOf('title')),
    ...(published === undefined ? {} : { published: `${published}T00:00:00Z` }), ...(modified === undefined ? {} : { modified: `${modified}T00:00:00Z` }),
    severities: [], ...(severity === undefined ? {} : { severity }),
    references: [`https://security.gentoo.org/glsa/${number}`, ...links.map((one) => one.attribute('link'))].filter((one) => one !== '').slice(0, 8),
    affected: glsa.all('affected', 'package').flatMap(affectedOf),
  };
}

function affectedOf(element: XmlElement): Affected[] {
  const name = element.attribute('name'), arch = element.attribute('arch') || '*';
  if (!name.includes('/')) throw invalid('record-malformed', `'${name.slice(0, 100)}' is no package with a category`);
  const common = { ecosystem: 'Gentoo', name, ...(arch === '*' ? {} : { arches: arch.split(/\s+/) }) };
  const vulnerable = element.all('vulnerable').map(spanOf), unaffected = element.all('unaffected').map(spanOf);
  if (vulnerable.length === 0) return [{ ...common, status: 'not-affected', fix_state: 'available' }];
  const unclear = [...vulnerable, ...unaffected].find((one) => typeof one === 'string');
  if (typeof unclear === 'string') return [{ ...common, status: 'undetermined', fix_state: 'unknown', vendor_status: unclear }];
  let spans = vulnerable as readonly Span[];
  for (const good of unaffected as readonly Span[]) spans = spans.flatMap((bad) => without(bad, good));
  if (spans.length === 0) return [{ ...common, status: 'not-affected', fix_state: 'available' }];
  // A fix is what an unaffected range begins with; where none is named the package was masked or removed.
  const hasFix = unaffected.length > 0;
  return [{
    ...common, status: 'affected', fix_state: hasFix ? 'available' : 'none-yet',
    ...(spans.some(({ from, to }) => from === undefined && to === undefined) ? {} : { ranges: spans.map(({ from, to, last }): Range => ({
      ...(from === undefined ? {} : { introduced: from }), ...(to === undefined ? {} : last !== undefined ? { last_affected: last } : { [hasFix ? 'fixed' : 'limit']: to }),
    })) }),
  }];
}

/** Versions from the first, which is in it, to the second, which is not; `last` is the highest in it where that was written. */
interface Span { readonly from?: string | undefined; readonly to?: string | undefined; readonly last?: string | undefined }

/** `lt 1.33`; `rge 2.4-r3` for the revisions of 2.4 alone; in slot 3.6 only versions of 3.6. A text for what cannot be told. */
function spanOf(element: XmlElement): Span | string {
  const operator = element.attribute('range'), version = element.text.trim(), slot = element.attribute('slot') || '*';
  if (version === '*') return {};
  if (version.includes('*')) return `versions like ${version}`;
  const lineStart = slot === '*' ? undefined : version === slot || version.startsWith(`${slot}.`) ? slot : null;
  // A slot that is not the beginning of its versions is not known of an installed package.
  if (lineStart === null) return `slot ${slot}`;
  const base = version.replace(/-r\d+$/, ''), isRevisions = operator.startsWith('r'), from = isRevisions ? base : lineStart;
  const end = isRevisions ? `${base}-r999999999` : lineStart?.replace(/\d+$/, (last) => String(Number(last) + 1));
  switch (operator.replace(/^r/, '')) {
    case 'lt': return { from, to: version };
    case 'le': return { from, to: after(version), last: version };
    case 'gt': return { from: after(version), to: end };
    case 'ge': return { from: version, to: end };
    case 'eq': return { from: version, to: after(version), last: version };
    default: return `range '${operator}'`;
  }
}

/** The next revision: nothing lies between. */
const after = (version: string): string => `${version.replace(/-r\d+$/, '')}-r${Number(/-r(\d+)$/.exec(version)?.[1] ?? 0) + 1}`;

function without(bad: Span, good: Span): Span[] {
  const isBelow = (a: string | undefined, b: string | undefined) => a !== undefined && b !== undefined && (compare('Gentoo', a, b) ?? 0) <= 0;
  if (isBelow(bad.to, good.from) || isBelow(good.to, bad.from)) return [bad];
  const left: Span[] = [];
  if (good.from !== undefined && (bad.from === undefined || (compare('Gentoo', bad.from, good.from) ?? 0) < 0)) left.push({ from: bad.from, to: good.from });
  if (good.to !== undefined && (bad.to === undefined || (compare('Gentoo', good.to, bad.to) ?? 0) < 0)) left.push({ from: good.to, to: bad.to, last: bad.last });
  return left;
}
