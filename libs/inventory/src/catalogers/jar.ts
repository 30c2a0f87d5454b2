import { invalid, Problem } from '@plimsoll/problem';
import { baseName, type FileCataloger, type Found, type FoundPackage, type FoundProblem } from '../cataloger.ts';
import { openZip, type ZipMember } from '../zip.ts';
import { knownArtifact } from './maven-groups.ts';

const MiB = 1024 * 1024;

/** What one jar with everything inside it may cost. A Spring Boot jar has 1 level, 300 jars, 300 MB. */
export interface JarLimits { readonly depth: number; readonly members: number; readonly archives: number; readonly memberBytes: number; readonly totalBytes: number }
export const defaultJarLimits: JarLimits = { depth: 8, members: 200_000, archives: 10_000, memberBytes: 128 * MiB, totalBytes: 1024 * MiB };

/**
 * Java archives, nested ones included: every META-INF/maven pom.properties (a shaded jar has several), else the manifest, else the file name.
 * A package found only by manifest or file name has no group unless one is stated, and its name is then the artifact alone.
 */
export const jar: FileCataloger = {
  name: 'jar',
  version: 3,
  maxBytes: 256 * MiB,
  wants: (path) => path.charCodeAt(path.length - 4) === 46 && isArchive(path),
  catalog: ({ path, bytes }) => readJar(path, bytes, defaultJarLimits),
};

const archives = new Set(['jar', 'war', 'ear', 'sar', 'par', 'kar', 'jpi', 'hpi', 'nar', 'aar']);
const isArchive = (path: string): boolean => archives.has(path.slice(path.lastIndexOf('.') + 1).toLowerCase());

/** Reads an archive and, while the limits last, the archives inside it. */
export function readJar(path: string, bytes: Buffer, limits: JarLimits): Found {
  const packages: FoundPackage[] = [], problems: FoundProblem[] = [];
  let members = 0, opened = 0, inflated = 0;
  const fail = (inside: string, error: unknown): void => {
    const problem = Problem.from(error);
    if (problem.kind === 'bug') throw error;
    if (problems.length < 50) problems.push({ code: problem.code ?? 'jar-unreadable', detail: problem.detail, ...(inside && { inside }) });
  };

  // A list instead of recursion, last in first out: depth is data here, not stack, and few archives are in memory at once.
  const todo: { read: () => Buffer; inside: string; file: string; depth: number }[] = [{ read: () => bytes, inside: '', file: baseName(path), depth: 0 }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { inside, file, depth } = next;
    try {
      const zip = openZip(next.read(), limits.members - members);
      members += zip.members.length;
      const take = (member: ZipMember, most: number): Buffer => {
        inflated += member.size;
        if (inflated > limits.totalBytes) throw invalid('limit-jar-bytes', `more than ${limits.totalBytes} bytes inflated`);
        return zip.read(member, most);
      };
      const poms: FoundPackage[] = [];
      let manifest: Map<string, string> | undefined;
      const seen = new Set<string>();
      for (const member of zip.members) {
        const { name } = member;
        if (seen.has(name)) continue;
        seen.add(name);
        const here = inside ? `${inside}!${name}` : name;
        try {
          if (name === 'META-INF/MANIFEST.MF') manifest = manifestOf(take(member, MiB).toString('utf8'));
          else if (name.endsWith('/pom.properties') && name.startsWith('META-INF/maven/')) poms.push(...pomOf(take(member, MiB).toString('utf8')));
          else if (isArchive(name) && !name.endsWith('/')) {
            if (depth + 1 > limits.depth) throw invalid('limit-jar-depth', `archives inside archives, more than ${limits.depth} levels`);
            if (++opened > limits.archives) throw invalid('limit-jar-archives', `more than ${limits.archives} archives inside`);
            todo.push({ read: () => take(member, limits.memberBytes), inside: here, file: baseName(name), depth: depth + 1 });
          }
        } catch (error) {
          fail(here, error);
          if (opened > limits.archives) break;
        }
      }
      const own = poms.length && !isLostAmong(poms, file) ? [] : identify(file, manifest ?? new Map<string, string>(), seen), found = [...poms, ...own];
      packages.push(...found.map((one) => ({ ...one, ...(inside && { inside }) })));
    } catch (error) {
      fail(inside, error);
      packages.push(...identify(file, new Map(), []).map((one) => ({ ...one, ...(inside && { inside }) })));
      if (inflated > limits.totalBytes) break;
    }
  }
  return { packages, ...(problems.length && { problems }) };
}

/** java.util.Properties, as maven-archiver writes it. */
function pomOf(text: string): FoundPackage[] {
  const fields = new Map([...text.matchAll(/^\s*(groupId|artifactId|version)\s*[=:]\s*(.*?)\s*$/gm)].map((match) => [match[1]!, match[2]!]));
  const [group, artifact, version] = [fields.get('groupId'), fields.get('artifactId'), fields.get('version')];
  if (!artifact || unresolved(artifact)) return [];
  return [maven(group && !unresolved(group) ? group : undefined, artifact, version && !unresolved(version) ? version : '')];
}
const unresolved = (text: string): boolean => text.includes('${');

/** The main section of a manifest (JAR file specification, "Notes on Manifest and Signature Files"): continuation lines start with a space. */
function manifestOf(text: string): Map<string, string> {
  const main = text.replace(/\r\n?/g, '\n').replace(/\n /g, '').split(/\n\n/, 1)[0]!;
  return new Map(main.split('\n').map((line) => [line.slice(0, Math.max(line.indexOf(':'), 0)), line.slice(line.indexOf(':') + 1).trim()]));
}

/** `name-1.2.3.jar`, with a usual ending of secondary jars. */
const fileName = (file: string): RegExpExecArray | null => /^(.+?)-(\d[\w.+-]*?)(?:-(?:sources|javadoc|tests|all|shaded|jar-with-dependencies|native|bin|exec|boot))?\.[^.]+$/.exec(file);

/**
 * Whether the poms are those of others alone: Gradle merges a library's pom.properties into a jar that has none itself. A jar with one pom, or with one
 * of a like name, is that.
 */
function isLostAmong(poms: readonly FoundPackage[], file: string): boolean {
  const [, name] = fileName(file) ?? [];
  return name !== undefined && poms.length > 1 && !poms.some((one) => {
    const artifact = one.name.slice(one.name.indexOf(':') + 1);
    return artifact.startsWith(name) || name.startsWith(artifact) || artifact.endsWith(name) || name.endsWith(artifact);
  });
}

function identify(file: string, manifest: ReadonlyMap<string, string>, members: Iterable<string>): FoundPackage[] {
  const named = fileName(file);
  const symbolic = manifest.get('Bundle-SymbolicName')?.split(';')[0]!.trim();
  const artifact = named?.[1] ?? (symbolic && !symbolic.includes('.') ? symbolic : file.replace(/\.[^.]+$/, ''));
  const version = named?.[2] ?? stated(manifest, 'Implementation-Version') ?? stated(manifest, 'Bundle-Version') ?? stated(manifest, 'Specification-Version') ?? '';
  const known = knownArtifact(artifact, version, members);
  if (known) return [maven(known.group, known.artifact, version)];
  const candidates = [stated(manifest, 'Implementation-Vendor-Id'), symbolic?.endsWith(`.${artifact}`) ? symbolic.slice(0, -artifact.length - 1) : undefined];
  const group = candidates.find((one) => one !== undefined && !umbrellas.has(one) && /^[a-z][\w-]*(\.[\w-]+)+$/i.test(one));
  return artifact ? [maven(group, artifact, version)] : [];
}

/** Vendors under whose name no artifact is published: a group below it is, which is not said. */
const umbrellas: ReadonlySet<string> = new Set(['org.apache', 'com.sun', 'com.oracle', 'org.eclipse', 'org.glassfish', 'com.google']);

const stated = (manifest: ReadonlyMap<string, string>, key: string): string | undefined => {
  const value = manifest.get(key);
  return value && !unresolved(value) && /^[\w.+-]+$/.test(value) ? value : undefined;
};

const maven = (group: string | undefined, artifact: string, version: string): FoundPackage => ({ type: 'maven', name: group ? `${group}:${artifact}` : artifact, version });
