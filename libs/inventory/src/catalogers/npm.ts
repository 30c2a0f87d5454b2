import type { FileCataloger, Found } from '../cataloger.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';

/**
 * Packages as npm, yarn and pnpm lay them out: `node_modules/NAME/package.json` and `node_modules/@SCOPE/NAME/package.json`, at any depth.
 * One outside any node_modules, or deeper inside a package, counts when it names and versions itself and is not `private`: tools such as yarn ship
 * so, Debian's are under usr/share/nodejs, and Next.js carries compiled copies of others. Inside a package most are marks of a module type, or are of
 * tests.
 */
export const npm: FileCataloger = {
  name: 'npm',
  version: 2,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 110 && (path.endsWith('/package.json') || path === 'package.json') && place(path) !== 'test',
  catalog: ({ path, bytes }) => readPackageJson(path, bytes),
};

/** What the package.json at this path tells. Throws Problem `package-json-invalid`. */
export function readPackageJson(path: string, bytes: Buffer): Found {
  const json = parseJsonFile(bytes, 'package-json-invalid');
  const name = textOf(json['name']), version = textOf(json['version']);
  if (place(path) === 'elsewhere' && (!name || !version || json['private'] === true)) return { packages: [] };
  // Bundlers leave such a file as a marker only: {"type": "module"}.
  if (!name && !version) return { packages: [] };
  const licences = licencesOf(json);
  return { packages: [{ type: 'npm', name: name ?? folderName(path), version: version?.replace(/^[v=]+/, '') ?? '', ...(licences.length && { licences }) }] };
}

function place(path: string): 'installed' | 'elsewhere' | 'test' {
  const modules = `/${path}`.lastIndexOf('/node_modules/');
  if (modules < 0) return 'elsewhere';
  const rest = path.slice(modules + 13), depth = rest.split('/').length - 1;
  if (depth === (rest.startsWith('@') ? 2 : 1)) return 'installed';
  return depth === 0 || /\/(?:tests?|__tests__|__fixtures__|fixtures?|examples?|benchmarks?|docs?|spec)\//.test(rest) ? 'test' : 'elsewhere';
}

/** `node_modules/@scope/name/package.json` → `@scope/name`. */
const folderName = (path: string): string => path.slice(0, -'/package.json'.length).split('/node_modules/').at(-1)!;

/** `license: "MIT"`, the older `{type}` and `licenses: [{type}]`. */
export function licencesOf(json: Record<string, unknown>): string[] {
  const all = [json['license'], json['licenses'], json['licence']].flat();
  return all.map((one) => textOf(isRecord(one) ? one['type'] ?? one['name'] : one)).filter((text) => text !== undefined);
}
