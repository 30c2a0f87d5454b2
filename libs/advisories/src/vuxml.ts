import { invalid } from '@plimsoll/problem';
import type { Advisory, Affected, Range } from './advisory.ts';
import { type Parser, rejected } from './feed.ts';
import { firstLine, isCve } from './words.ts';
import { xmlOf } from './xml.ts';
import { type XmlElement, xmlElements } from './xml-elements.ts';

/**
 * Reads FreeBSD's https://vuxml.freebsd.org/freebsd/vuln.xml, one advisory per entry; cancelled entries say nothing. No
 * order of FreeBSD's versions is known here, so its packages come out undetermined.
 */
export const parseVuXml: Parser = async function* (records, { source, limits }) {
  for await (const record of records) {
    const found = await xmlOf(record);
    if (found === undefined) continue;
    for await (const vuln of xmlElements(found, limits, 'vuln')) {
      if (vuln.first('cancelled') !== undefined) continue;
      try {
        yield { kind: 'advisory', advisory: advisoryOf(vuln, source) };
      } catch (error) {
        yield rejected(`${record.name} ${vuln.attribute('vid')}`, error, vuln.textOf('topic'));
      }
    }
  }
};

function advisoryOf(vuln: XmlElement, source: string): Advisory {
  const id = vuln.attribute('vid'), published = vuln.textOf('dates', 'entry'), modified = vuln.textOf('dates', 'modified') || published;
  if (id === '') throw invalid('record-id-unreadable', 'an entry without vid');
  const time = (day: string) => /^\d{4}-\d\d-\d\d$/.test(day) ? `${day}T00:00:00Z` : undefined;
  return {
    id, key: id, source, aliases: [], vulnerabilities: [...new Set(vuln.all('references', 'cvename').map(({ text }) => text.trim()).filter(isCve))],
    title: firstLine(vuln.textOf('topic')),
    ...(time(published) === undefined ? {} : { published: time(published) }), ...(time(modified) === undefined ? {} : { modified: time(modified) }),
    severities: [], references: [`https://vuxml.freebsd.org/freebsd/${id}.html`, ...vuln.all('references', 'url').map(({ text }) => text.trim())].slice(0, 8),
    affected: [...vuln.all('affects', 'package').flatMap((one) => affectedOf(one, 'FreeBSD:ports')), ...vuln.all('affects', 'system').flatMap((one) => affectedOf(one, 'FreeBSD:base'))],
  };
}

function affectedOf(element: XmlElement, ecosystem: string): Affected[] {
  const names = element.all('name').map(({ text }) => text.trim()).filter((name) => name !== ''), ranges = element.all('range').map(rangeOf);
  if (names.length === 0 || ranges.length === 0) throw invalid('record-malformed', 'a package without a name or a range');
  return names.map((name) => ({ ecosystem, name, names: 'binary', status: 'affected', ranges, fix_state: ranges.some(({ fixed }) => fixed !== undefined) ? 'available' : 'unknown' }));
}

/** `gt` is written as `ge`: the one version between them is rather called affected than not. */
function rangeOf(element: XmlElement): Range {
  const [from, below, upTo, only] = [element.textOf('ge') || element.textOf('gt'), element.textOf('lt'), element.textOf('le'), element.textOf('eq')];
  if (only !== '') return { introduced: only, last_affected: only };
  if (from === '' && below === '' && upTo === '') throw invalid('record-malformed', 'a range without an end');
  return { ...(from === '' || from === '0' ? {} : { introduced: from }), ...(below !== '' ? { fixed: below } : upTo === '' ? {} : { last_affected: upTo }) };
}
