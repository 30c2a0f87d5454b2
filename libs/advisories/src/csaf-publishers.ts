import { normaliseEcosystem } from './ecosystem.ts';

/** What is read of a product: a release, a repository or a package. */
export interface Product { readonly name: string; readonly product_id: string; readonly product_identification_helper?: { readonly cpe?: string | null | undefined; readonly purl?: string | null | undefined } | null | undefined }

/** One package of one stream. `evr` is there where the document names a build. */
export interface Component {
  readonly ecosystem: string; readonly name: string; readonly evr?: string; readonly arch?: string; readonly module?: string;
}

/** How a publisher of CSAF names its products and packages. */
interface Publisher {
  readonly name: RegExp;
  /** What a component without a version is called by. */
  readonly plainNames: 'source' | 'binary';
  /** Of a product, by its CPE and name; undefined for what is no release of the distribution. */
  readonly ecosystemOf: (cpe: string, name: string) => string | undefined;
  /** Of a component, by its id in the product tree and its purl; undefined for what is no rpm. */
  readonly componentOf: (reference: string, purl: string | undefined) => Omit<Component, 'ecosystem'> | undefined;
}

/** Adding a publisher is one line. */
const publishers: readonly Publisher[] = [
  { name: /^Red Hat\b/, plainNames: 'source', ecosystemOf: redHatStream, componentOf: redHatComponent },
  { name: /^SUSE\b/, plainNames: 'binary', ecosystemOf: (_, name) => suseEcosystem(name), componentOf: buildByName },
  { name: /^openEuler\b/, plainNames: 'source', ecosystemOf: (_, name) => /^openEuler-(.+)$/.test(name) ? name.replace('-', ':') : undefined, componentOf: buildByName },
];

export const publisherOf = (name: string): Publisher | undefined => publishers.find((one) => one.name.test(name));

/** `cpe:/a:redhat:rhel_eus:9.2::appstream` → `Red Hat:rhel_eus:9.2`; the repository is no part of the stream, a base system is (`::el8`). */
export function redHatStream(cpe: string): string | undefined {
  const [, name, version = '', edition = ''] = /^cpe:\/[ao]:redhat:([^:]+)(?::([^:]*))?(?::[^:]*)?(?::([^:]*))?/.exec(cpe) ?? [];
  if (name === undefined) return undefined;
  // Release 10 has its minor number in some documents; the main stream of a major is one.
  const release = name === 'enterprise_linux' ? version.split('.')[0]! : version;
  return `Red Hat:${name}${release === '' ? '' : `:${release}`}${/^el\d+$/.test(edition) ? `::${edition}` : ''}`;
}

function redHatComponent(reference: string, purl: string | undefined): Omit<Component, 'ecosystem'> | undefined {
  if (purl === undefined) {
    const [, name, evr, arch] = /^(.+)-(\d+:[^-:]+-[^-:]+)\.(\w+)$/.exec(reference) ?? [];
    if (name !== undefined) return { name, evr: evr!, arch: arch! };
    const [module, plain] = reference.includes('/') ? reference.split('/', 2) as [string, string] : [undefined, reference];
    return /^[\w.+~^-]+$/.test(plain) ? { name: plain.replace(/\.src$/, ''), ...(plain.endsWith('.src') ? { arch: 'src' } : {}), ...(module === undefined ? {} : { module }) } : undefined;
  }
  const [, name, version, query] = /^pkg:rpm\/redhat\/([^@?#]+)(?:@([^?#]+))?(?:\?([^#]*))?/.exec(purl) ?? [];
  if (name === undefined) return undefined;
  const qualifiers = new URLSearchParams((query ?? '').replaceAll('+', '%2B')), arch = qualifiers.get('arch'), module = qualifiers.get('rpmmod');
  return {
    name: decodeURIComponent(name), ...(version === undefined ? {} : { evr: `${qualifiers.get('epoch') ?? '0'}:${decodeURIComponent(version)}` }),
    ...(arch === null ? {} : { arch }), ...(module === null ? {} : { module }),
  };
}


/** `SUSE Linux Enterprise Server 15 SP4`, `openSUSE Leap 15.5`; images and containers list what they hold, and are no release. */
export function suseEcosystem(product: string): string | undefined {
  const [, family, release] = /^(SUSE|openSUSE) (.+)$/.exec(product) ?? [];
  return family === undefined ? undefined : normaliseEcosystem(`${family}:${release}`);
}

const buildName = /^(.+)-([^-]+)-([^-]+?)(?:\.(aarch64|aarch64_ilp32|armv\w+|i[3-6]86|ia64|loongarch64|noarch|nosrc|ppc|ppc64|ppc64le|riscv64|s390|s390x|src|x86_64))?(?:\.rpm)?$/;

/**
 * `bind-9.9.4P2-0.6.1.i586`, `samba-4.19.4+git.1-1.22`, or `libndr0-32bit`, which has no version. A name may have any
 * number of parts; version and release begin with a digit (a release of Package Hub or Leap with `bp` or `lp` before it), and one of them has a point. Epochs are left out.
 */
export function buildByName(reference: string): Omit<Component, 'ecosystem'> | undefined {
  const [, name, version, release, arch] = buildName.exec(reference) ?? [];
  if (name !== undefined && /^\d/.test(version!) && /^(?:[bl]p)?\d/.test(release!) && (arch !== undefined || /\./.test(version! + release!))) return { name, evr: `${version}-${release}`, ...(arch === undefined ? {} : { arch }) };
  return /^[\w.+~^-]+$/.test(reference) ? { name: reference } : undefined;
}
