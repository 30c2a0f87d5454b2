import { basename } from 'node:path';
import { invalid } from '@plimsoll/problem';
import { z } from 'zod';
import { bytesOf, type Parser, rejected } from './feed.ts';
import { type Build, type Notice, Notices } from './rpm-notices.ts';
import { severityWord } from './words.ts';
import { type XmlElement, xmlElements } from './xml-elements.ts';
import { parseYaml } from './yaml.ts';

/**
 * Reads updateinfo.xml of rpm repositories: Amazon, Fedora and EPEL, Rocky, AlmaLinux, Oracle, openSUSE. Notices of
 * security and those that name CVEs are advisories; the rest of a distribution's updates repair no vulnerability.
 * A repository's `modules.yaml`, when it comes along, says which stream a module's build is of. There is no written
 * standard; https://github.com/openSUSE/libsolv/blob/master/ext/repo_updateinfoxml.c shows the shape.
 */
export const parseUpdateInfo: Parser = async function* (records, { source, limits }) {
  const notices = new Notices(limits.records);
  for await (const record of records) {
    const name = basename(record.name);
    if (/modules\.ya?ml$/i.test(name)) addModules(notices, (await bytesOf(record, limits.feedBytes)).toString('utf8'));
    if (!/updateinfo[^/]*$|\.xml$/i.test(name) || /^repomd\.xml$/i.test(name)) continue;
    for await (const update of xmlElements(record, limits, 'update')) {
      let notice: Notice | undefined;
      try {
        notice = noticeOf(update);
      } catch (error) {
        yield rejected(`${record.name} ${update.textOf('id')}`, error, update.textOf('title'));
      }
      if (notice !== undefined) notices.add(notice);
    }
  }
  for (const advisory of notices.advisories(source)) yield { kind: 'advisory', advisory };
};

/** Undefined for an update that is not about security. */
function noticeOf(update: XmlElement): Notice | undefined {
  const id = update.textOf('id'), references = update.all('references', 'reference');
  if (id === '') throw invalid('record-id-unreadable', 'an update without an id');
  const named = new Set(references.flatMap((one) => cvesIn(`${one.attribute('id')} ${one.attribute('title')}`)));
  // Fedora names bugs, and the CVE only in their titles or in the text.
  const cves = named.size > 0 ? [...named] : [...new Set(cvesIn(`${update.textOf('title')} ${update.textOf('description')}`))];
  const isSecurity = update.attribute('type') === 'security';
  if (!isSecurity && named.size === 0) return undefined;
  const collections = update.all('pkglist', 'collection');
  const places = collections.flatMap((one) => [one.attribute('short'), one.textOf('name')]).concat(update.textOf('release'), id);
  const ecosystem = places.map(ecosystemOf).find((one) => one !== undefined);
  if (ecosystem === undefined) throw invalid('record-release-unknown', `${id} is of '${places.find((place) => place !== '') ?? ''}', a release not known`);
  const severity = severityWord(update.textOf('severity')), issued = timeOf(update.first('issued')), updated = timeOf(update.first('updated'));
  return {
    id, ecosystem, title: update.textOf('title') || update.textOf('summary'), published: issued, modified: updated ?? issued, severity: severity === 'negligible' ? undefined : severity,
    cves, references: references.map((one) => one.attribute('href')),
    builds: collections.flatMap(buildsOf),
  };
}

const cvesIn = (text: string): readonly string[] => text.match(/\bCVE-\d{4}-\d{4,}\b/g) ?? [];

/** How collections and releases are called, and their ecosystem. Adding a distribution is one line. */
const places: readonly (readonly [RegExp, (version: string) => string])[] = [
  [/^amazon-linux-ami()/, () => 'Amazon Linux:1'],
  [/^amazon-linux-(2|20\d\d)(?:---|$)/, (version) => `Amazon Linux:${version}`],
  [/^F(?:edora )?(\d+)[A-Z]?(?: |$)/, (version) => `Fedora:${version}`],
  [/^(?:Fedora )?(?:EL|EPEL)[- ](\d+)/, (version) => `EPEL:${version}`],
  [/^(?:rocky-linux-|Rocky Linux )(\d+)/, (version) => `Rocky Linux:${version}`],
  [/^(?:almalinux-|AlmaLinux )(\d+)/, (version) => `AlmaLinux:${version}`],
  [/^(?:ol|Oracle Linux )(\d+)/, (version) => `Oracle Linux:${version}`],
  [/^openSUSE (Leap \d+\.\d+|Tumbleweed)/, (version) => `openSUSE:${version}`],
];

function ecosystemOf(place: string): string | undefined {
  for (const [pattern, ecosystem] of places) {
    const version = pattern.exec(place)?.[1];
    if (version !== undefined) return ecosystem(version);
  }
  return undefined;
}

function buildsOf(collection: XmlElement): Build[] {
  // `amazon-linux-2---kernel-5.15` is an extra; modules stand before the packages of their collection.
  const topic = /^amazon-linux-2---(?:extras-)?(.+)$/i.exec(collection.attribute('short'))?.[1], module = collection.first('module');
  const stream = module === undefined ? undefined : `${module.attribute('name')}:${module.attribute('stream')}`;
  return collection.all('package').map((one) => {
    const [name, version, release] = ['name', 'version', 'release'].map((key) => one.attribute(key)) as [string, string, string];
    if (name === '' || version === '' || release === '') throw invalid('record-malformed', `a package without name, version or release: ${one.textOf('filename').slice(0, 200)}`);
    return { name, evr: `${one.attribute('epoch') || '0'}:${version}-${release}`, arch: one.attribute('arch'), module: stream, topic };
  });
}

/** `2011-09-27 22:46`, seconds or not, and in UTC as the tools that write it do. */
function timeOf(element: XmlElement | undefined): string | undefined {
  const [, day, time, seconds = ':00'] = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?)?/.exec(element?.attribute('date') ?? '') ?? [];
  return day === undefined ? undefined : `${day}T${time === undefined ? '00:00:00' : `${time}${seconds}`}Z`;
}

const Module = z.object({ document: z.literal('modulemd'), data: z.object({ name: z.coerce.string(), stream: z.coerce.string(), artifacts: z.object({ rpms: z.array(z.string()) }) }) });

/** https://github.com/fedora-modularity/libmodulemd/blob/main/yaml_specs/modulemd_stream_v2.yaml, one document per stream and build. */
function addModules(notices: Notices, text: string): void {
  for (const document of text.split(/^---\s*$/m)) {
    // A stream may look like a number, and 3.10 is not 3.1.
    const parsed = Module.safeParse(document.includes('artifacts:') ? parseYaml(document.replace(/^\.\.\.\s*$/m, ''), { schema: 'failsafe' }) : undefined);
    if (parsed.success) for (const nevra of parsed.data.data.artifacts.rpms) notices.addModule(nevra, `${parsed.data.data.name}:${parsed.data.data.stream}`);
  }
}
