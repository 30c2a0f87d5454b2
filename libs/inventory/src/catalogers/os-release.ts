import { type FileCataloger, type Found, unreadable } from '../cataloger.ts';
import type { OperatingSystem } from '../model.ts';

/** Where a distribution says what it is, most trusted first; the coalescer takes the first that answers. */
export const releaseFiles: readonly string[] = [
  'etc/os-release', 'usr/lib/os-release',
  'etc/lsb-release', 'etc/alpine-release', 'etc/centos-release', 'etc/oracle-release', 'etc/rocky-release', 'etc/almalinux-release', 'etc/fedora-release', 'etc/redhat-release', 'etc/system-release',
  'etc/SuSE-release', 'etc/photon-release', 'etc/mariner-release', 'etc/azurelinux-release', 'etc/euleros-release', 'etc/openEuler-release', 'etc/kylin-release', 'etc/anolis-release',
  'etc/arch-release', 'etc/gentoo-release', 'etc/slackware-version', 'etc/openwrt_release', 'etc/debian_version',
];
const wanted = new Set(releaseFiles);

/** os-release(5), and the older one-line files of images that lack it. */
export const osRelease: FileCataloger = {
  name: 'os-release',
  version: 2,
  maxBytes: 64 * 1024,
  wants: (path) => path.length < 24 && wanted.has(path),
  catalog({ path, bytes }): Found {
    const text = bytes.toString('utf8').trim();
    const os = readers(path)(text);
    if (os) return { packages: [], os };
    // Some distributions ship empty marker files beside a good os-release.
    return text === '' ? { packages: [] } : path.endsWith('/os-release') ? unreadable('os-release-unreadable', 'no ID= line') : { packages: [] };
  },
};

function readers(path: string): (text: string) => OperatingSystem | undefined {
  if (path.endsWith('/os-release')) return fromOsRelease;
  switch (path) {
    case 'etc/lsb-release': return fromLsbRelease;
    case 'etc/openwrt_release': return fromLsbRelease;
    case 'etc/alpine-release': return (text) => versionOf('alpine', 'Alpine Linux', text);
    case 'etc/debian_version': return (text) => fromDebianVersion(text);
    case 'etc/arch-release': return () => ({ id: 'arch', name: 'Arch Linux' });
    default: return fromSentence;
  }
}

function fromOsRelease(text: string): OperatingSystem | undefined {
  const fields = assignments(text);
  const id = spelt(fields.get('ID')?.toLowerCase());
  if (!id) return undefined;
  const versionId = fields.get('VERSION_ID');
  const codename = fields.get('VERSION_CODENAME') ?? fields.get('UBUNTU_CODENAME') ?? /\(([a-z]+)\)/.exec(fields.get('VERSION') ?? '')?.[1];
  const like = fields.get('ID_LIKE')?.toLowerCase().split(/\s+/).filter(Boolean);
  return {
    id,
    ...(versionId && { version_id: versionId }),
    name: fields.get('PRETTY_NAME') || fields.get('NAME') || id,
    ...(codename && { codename }),
    ...(like?.length && { id_like: like }),
  };
}

/** An ID is in lower case (os-release(5)); one distribution writes its own otherwise, and others speak of it so. */
const spelt = (id: string | undefined): string | undefined => (id === 'openeuler' ? 'openEuler' : id);

function fromLsbRelease(text: string): OperatingSystem | undefined {
  const fields = assignments(text);
  const id = fields.get('DISTRIB_ID');
  if (!id) return undefined;
  const [version, codename] = [fields.get('DISTRIB_RELEASE'), fields.get('DISTRIB_CODENAME')];
  return { id: id.toLowerCase(), ...(version && { version_id: version }), name: fields.get('DISTRIB_DESCRIPTION') ?? id, ...(codename && { codename }) };
}

const versionOf = (id: string, name: string, text: string): OperatingSystem | undefined => (/^\d/.test(text) ? { id, version_id: text, name: `${name} ${text}` } : undefined);

/** `11.7`, or `trixie/sid` for the testing release. */
function fromDebianVersion(text: string): OperatingSystem | undefined {
  const number = /^(\d+)(?:\.\d+)?$/.exec(text);
  if (number) return { id: 'debian', version_id: number[1]!, name: `Debian GNU/Linux ${text}` };
  return /^[a-z]+\/sid$/.test(text) ? { id: 'debian', name: `Debian GNU/Linux ${text}`, codename: text.split('/')[0]! } : undefined;
}

/** `CentOS Linux release 7.9.2009 (Core)`, `Red Hat Enterprise Linux Server release 6.10 (Santiago)`. */
function fromSentence(text: string): OperatingSystem | undefined {
  const line = text.split('\n', 1)[0]!;
  const distribution = sentences.find(([shape]) => shape.test(line));
  if (!distribution) return undefined;
  const patch = /^PATCHLEVEL\s*=\s*(\d+)/m.exec(text)?.[1];
  const major = /(?:release\s+|VERSION\s*=\s*|\s)[Vv]?(\d[\w.]*)/.exec(line)?.[1];
  const version = major && patch && patch !== '0' ? `${major}.${patch}` : major;
  const codename = / release .*\(([^)]+)\)\s*$/.exec(line)?.[1];
  return { id: distribution[1], ...(version && { version_id: version }), name: line, ...(codename && { codename }) };
}

/** How the line begins, and the `ID` of the distribution's own os-release. */
const sentences: readonly (readonly [RegExp, string])[] = [
  [/^CentOS/, 'centos'], [/^Red Hat/, 'rhel'], [/^Oracle/, 'ol'], [/^Rocky/, 'rocky'], [/^AlmaLinux/, 'almalinux'], [/^Fedora/, 'fedora'], [/^Amazon/, 'amzn'],
  [/^SUSE Linux Enterprise/, 'sles'], [/^openSUSE/, 'opensuse'], [/Photon/i, 'photon'], [/Mariner/, 'mariner'], [/Azure Linux/, 'azurelinux'], [/^Gentoo/, 'gentoo'], [/^Slackware/, 'slackware'],
  [/^Scientific/, 'scientific'], [/^CloudLinux/, 'cloudlinux'], [/^EuroLinux/, 'eurolinux'], [/^MIRACLE LINUX/, 'miraclelinux'], [/^Virtuozzo/, 'virtuozzo'],
  [/^EulerOS/, 'euleros'], [/^openEuler/, 'openEuler'], [/^Anolis/, 'anolis'], [/^Alibaba Cloud/, 'alinux'], [/^Kylin/, 'kylin'], [/^TencentOS/, 'tencentos'],
];

/** Shell assignments as os-release(5) allows them: no expansion, optional quotes, backslash before `$ " \ ``. */
function assignments(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*(?:export\s+)?([A-Za-z0-9_]+)=(.*)$/.exec(line);
    if (!match) continue;
    const raw = match[2]!.trim();
    const quote = raw[0];
    const value = (quote === '"' || quote === "'") && raw.at(-1) === quote && raw.length > 1 ? raw.slice(1, -1) : raw;
    fields.set(match[1]!, quote === "'" ? value : value.replace(/\\(.)/g, '$1'));
  }
  return fields;
}
