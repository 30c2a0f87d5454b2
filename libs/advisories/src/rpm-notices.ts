import { invalid } from '@plimsoll/problem';
import type { Advisory, Affected } from './advisory.ts';
import { normaliseName } from './ecosystem.ts';
import { isModular, streamsOf } from './module-streams.ts';
import { compare } from './order.ts';
import type { Severity } from './severity.ts';
import { firstLine, isCve } from './words.ts';

/** A build that a notice of an rpm distribution brings. */
export interface Build { readonly name: string; /** `epoch:version-release`. */ readonly evr: string; readonly arch: string; /** `nodejs:18`. */ readonly module?: string | undefined; /** A repository beside the main one, Amazon's extras. */ readonly topic?: string | undefined }

/** A notice of an rpm distribution before it is an advisory, in the words of updateinfo.xml. */
export interface Notice {
  readonly id: string;
  readonly ecosystem: string;
  readonly title: string;
  readonly published: string | undefined;
  readonly modified: string | undefined;
  readonly severity: Severity | undefined;
  readonly cves: readonly string[];
  readonly references: readonly string[];
  readonly builds: readonly Build[];
}

/**
 * Gathers the notices of one distribution: a notice comes once for every repository and architecture, each time with
 * other builds, and is one advisory. Give it all of them, then ask.
 */
export class Notices {
  readonly #notices = new Map<string, Notice & { builds: Build[]; cves: string[] }>();
  /** Module streams by build, `name-epoch:version-release.arch`, from the repository's modules file. */
  readonly #modules = new Map<string, string>();
  readonly #most: number;

  constructor(most: number) { this.#most = most; }

  add(notice: Notice): void {
    const key = `${notice.id}@${notice.ecosystem}`, known = this.#notices.get(key);
    if (known !== undefined) {
      known.builds.push(...notice.builds);
      known.cves = [...new Set([...known.cves, ...notice.cves])];
      return;
    }
    if (this.#notices.size >= this.#most) throw invalid('feed-too-many-records', `the feed has more than ${this.#most} notices`);
    this.#notices.set(key, { ...notice, builds: [...notice.builds], cves: [...notice.cves] });
  }

  addModule(nevra: string, stream: string): void { this.#modules.set(nevra, stream); }

  /** The build with its stream: as said, as the repository's modules say, or as the title does. */
  #ofItsModule(build: Build, all: readonly Build[], title: string): readonly Build[] {
    if (build.module !== undefined || !isModular(build.evr)) return [build];
    const listed = this.#modules.get(`${build.name}-${build.evr}.${build.arch}`);
    if (listed !== undefined) return [{ ...build, module: listed }];
    const streams = streamsOf(title, all.filter(({ name, arch }) => name === build.name && arch === build.arch).map(({ evr }) => evr));
    return streams.length === 0 ? [build] : streams.map((module) => ({ ...build, module }));
  }

  *advisories(source: string): Generator<Advisory> {
    for (const [key, { builds, cves, id, ecosystem, title, published, modified, severity, references }] of this.#notices) {
      yield {
        id, key, source, aliases: [], vulnerabilities: cves.filter((cve) => cve !== id && isCve(cve)),
        ...(title === '' ? {} : { title: firstLine(title) }),
        ...(published === undefined ? {} : { published }), ...(modified === undefined ? {} : { modified }),
        severities: [], ...(severity === undefined ? {} : { severity }),
        references: references.filter((one) => one !== '').slice(0, 8),
        affected: affectedBy(builds.flatMap((build) => this.#ofItsModule(build, builds, title)), ecosystem),
      };
    }
  }
}

/**
 * What came before the builds of one notice is affected. Binaries are named, and sources only where nothing was built. Of two
 * builds of one package, for releases within the release (8.4, 8.5), the lower has the repair already.
 */
function affectedBy(builds: readonly Build[], ecosystem: string): Affected[] {
  const isSource = ({ arch }: Build) => arch === 'src' || arch === 'nosrc', areSources = builds.every(isSource);
  const first = new Map<string, Build>(), found = new Map<string, Affected>();
  for (const build of builds) {
    if (isSource(build) && !areSources) continue;
    const key = [build.name, build.module, build.topic, build.arch].join('\0'), other = first.get(key);
    if (other === undefined || (compare(ecosystem, build.evr, other.evr) ?? 0) < 0) first.set(key, build);
  }
  for (const build of first.values()) {
    const { name, evr, arch, module, topic } = build;
    const key = [name, evr, module, topic].join('\0'), same = found.get(key);
    if (same?.arches !== undefined) same.arches.push(arch);
    if (same !== undefined) continue;
    found.set(key, {
      ecosystem, name: normaliseName(ecosystem, name), names: areSources ? 'source' : 'binary', ...statusOf(build),
      ...(areSources || arch === '' ? {} : { arches: [arch] }), ...(module === undefined ? {} : { module }),
    });
  }
  return [...found.values()];
}

/** Of a module's build nothing can be said without its stream: another stream, or the package outside of modules, has other versions. */
function statusOf({ evr, module, topic }: Build): Pick<Affected, 'status' | 'ranges' | 'fix_state' | 'vendor_status'> {
  const introduced = lineOf(evr, topic), ranges = [{ ...(introduced === undefined ? {} : { introduced }), fixed: evr }];
  if (isModular(evr) && module === undefined) return { status: 'undetermined', ranges, fix_state: 'available', vendor_status: 'its module stream is not named' };
  return { status: 'affected', ranges, fix_state: 'available', ...(topic === undefined ? {} : { vendor_status: topic }) };
}

/** An extra of a package that the system has too begins where its line does: `kernel-5.15` at 5.15, `postgresql13` at 13. */
function lineOf(evr: string, topic: string | undefined): string | undefined {
  const line = /(\d+(?:\.\d+)*)$/.exec(topic ?? '')?.[1], [, epoch, version] = /^(\d+):([^-]+)-/.exec(evr) ?? [];
  return line !== undefined && version !== undefined && (version === line || version.startsWith(`${line}.`)) ? `${epoch}:${line}` : undefined;
}
