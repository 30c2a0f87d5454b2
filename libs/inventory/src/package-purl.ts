import type { FoundPackage } from './cataloger.ts';
import type { OperatingSystem } from './model.ts';
import { buildPurl } from './purl.ts';

/** The package URL of a package in an image of this distribution; `os` matters to operating-system packages alone. */
export function packagePurl({ type, name, version, arch }: Pick<FoundPackage, 'type' | 'name' | 'version' | 'arch'>, os: OperatingSystem | null): string {
  switch (type) {
    case 'deb': case 'apk': case 'rpm': case 'alpm': case 'opkg': case 'portage': {
      // Only rpm keeps the epoch out of the version (purl-spec, types/rpm-definition.json).
      const [, epoch, rest = version] = type === 'rpm' ? /^(?:(\d+):)?(.*)$/s.exec(version) ?? [] : [];
      return buildPurl({ type, namespace: os ? vendors[os.id] ?? os.id : undefined, name, version: rest, qualifiers: { arch, epoch, distro: os ? distro(os) : undefined } });
    }
    case 'maven': {
      const colon = name.indexOf(':');
      return buildPurl({ type, namespace: colon < 0 ? undefined : name.slice(0, colon), name: name.slice(colon + 1), version });
    }
    case 'npm': case 'golang': case 'composer': case 'swift': case 'cpan': case 'generic': {
      const slash = name.lastIndexOf('/');
      return buildPurl({ type, namespace: slash < 0 ? undefined : name.slice(0, slash), name: name.slice(slash + 1), version });
    }
    default: return buildPurl({ type, name, version });
  }
}

/** `debian-11`; the development releases have a name only: `debian-trixie`. */
const distro = ({ id, version_id, codename }: OperatingSystem): string => {
  const release = version_id ?? codename;
  return release ? `${id}-${release}` : id;
};

/** Where the namespace in use is not the ID of os-release. */
const vendors: Readonly<Record<string, string>> = { rhel: 'redhat', ol: 'oracle', amzn: 'amazon', sles: 'suse', sled: 'suse', 'opensuse-leap': 'opensuse', 'opensuse-tumbleweed': 'opensuse' };
