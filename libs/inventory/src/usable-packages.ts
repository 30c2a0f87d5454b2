import type { Found, FoundPackage, FoundProblem } from './found.ts';
import { packagePurl } from './package-purl.ts';

/** So long may a name or a version be; real ones stay far below. So many files' worth of nonsense is told one by one. */
const longest = 1000, mostProblems = 20;

/**
 * What was found, without packages that cannot be named: an empty or endless name, control characters, text that is no Unicode. A file of unknown
 * origin may say anything; such a package becomes a problem of its file and harms nothing else.
 */
export function usablePackages(found: Found): Found {
  if (found.packages.every((one) => unusable(one) === undefined)) return found;
  const packages: FoundPackage[] = [], problems: FoundProblem[] = [...found.problems ?? []];
  for (const one of found.packages) {
    const why = unusable(one);
    if (why === undefined) packages.push(one);
    else if (problems.length < mostProblems) problems.push({ code: 'package-unnameable', detail: `${JSON.stringify(one.name.slice(0, 100))} ${JSON.stringify(one.version.slice(0, 100))}: ${why}`, ...(one.inside && { inside: one.inside }) });
  }
  return { ...found, packages, problems };
}

function unusable(one: FoundPackage): string | undefined {
  const { name, version } = one;
  if (name.length > longest || version.length > longest) return `longer than ${longest} characters`;
  if (/[\u0000-\u001f\u007f]/.test(name) || /[\u0000-\u001f\u007f]/.test(version)) return 'holds control characters';
  if (!name.isWellFormed() || !version.isWellFormed()) return 'is no Unicode text';
  try {
    packagePurl(one, null);
    return undefined;
  } catch (error) {
    return (error as Error).message.slice(0, 120);
  }
}
