import { PackageType } from '../model.ts';
import { parsePurl } from '../purl.ts';

/** What a package URL says of a package, in the words of `Package`. */
export interface Identity {
  /** `generic` for the types nobody publishes advisories by: the purl still tells what it is. */
  readonly type: PackageType;
  readonly name: string;
  readonly version: string;
  readonly arch: string | undefined;
  readonly module: string | undefined;
  readonly namespace: string | undefined;
  /** The qualifier `distro`: `debian-11`, of Trivy's apk packages `3.16.0`. */
  readonly distro: string | undefined;
  /** The qualifier `upstream` of Syft: the source package. */
  readonly upstream: string | undefined;
}

const systemTypes: ReadonlySet<string> = new Set(['deb', 'apk', 'rpm', 'alpm', 'opkg', 'portage']);
/** Whether a package is an operating system's, judged by that system's advisories. */
export const isSystemType = (type: string): boolean => systemTypes.has(type);

const packageTypes: ReadonlySet<string> = new Set(PackageType.options);
const isPackageType = (type: string): type is PackageType => packageTypes.has(type);

/** Reads a package URL; `given` is the name beside it, which decides where writers of purls change the name. Throws Problem `purl-invalid`. */
export function identify(purl: string, given?: string): Identity {
  const { type: kind, namespace, name: last, version = '', qualifiers = {}, subpath } = parsePurl(purl);
  const type = isPackageType(kind) ? kind : 'generic';
  const name = spelt(type, nameOf(type, namespace, last, subpath), given, subpath);
  // Epoch 0 is the same as none; only rpm keeps it out of the version.
  const epoch = type === 'rpm' && qualifiers['epoch'] !== '0' ? qualifiers['epoch'] : undefined;
  return {
    type, name, version: epoch && version && !version.includes(':') ? `${epoch}:${version}` : version,
    arch: qualifiers['arch'], module: qualifiers['modularitylabel'] ?? qualifiers['rpmmod'], namespace, distro: qualifiers['distro'], upstream: qualifiers['upstream'],
  };
}

function nameOf(type: PackageType, namespace: string | undefined, name: string, subpath: string | undefined): string {
  if (isSystemType(type)) return name;
  // PEP 503: all separators are one.
  if (type === 'pypi') return name.replaceAll(/[-_.]+/g, '-');
  if (type === 'cocoapods' && subpath) return `${name}/${subpath}`;
  return namespace ? `${namespace}${type === 'maven' ? ':' : '/'}${name}` : name;
}

/** Trivy writes Go modules and npm packages in lower case, old Syft the end of a module path as subpath; the component's own name is then the true one. */
function spelt(type: PackageType, name: string, given: string | undefined, subpath: string | undefined): string {
  if (given === undefined || (type !== 'golang' && type !== 'npm')) return name;
  if (given.toLowerCase() === name.toLowerCase()) return given;
  return type === 'golang' && subpath && given.toLowerCase() === `${name}/${subpath}`.toLowerCase() ? given : name;
}
