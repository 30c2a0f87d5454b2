import type { FileCataloger, Found } from '../cataloger.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';

/**
 * Packages as npm, yarn and pnpm lay them out: `node_modules/NAME/package.json` and `node_modules/@SCOPE/NAME/package.json`, at any depth.
 * A package.json deeper inside a package is a fixture or a module-type marker. One outside any node_modules counts when it
 * names and versions itself and is not `private`: tools such as yarn ship so; Debian's are under usr/share/nodejs.
 */
export const npm: FileCataloger = {
  name: 'npm',
  version: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 110 && (path.endsWith('/package.json') || path === 'package.json') && place(path) !== 'inside',
  catalog({ path, bytes }): Found {
    const json = parseJsonFile(bytes, 'package-json-invalid');
    const name = textOf(json['name']), version = textOf(json['version']);
    if (place(path) === 'outside' && (!name || !version || json['private'] === true)) return { packages: [] };
    // Bundlers leave such a file as a marker only: {"type": "module"}.
    if (!name && !version) return { packages: [] };
    const licences = licencesOf(json);
    return { packages: [{ type: 'npm', name: name ?? folderName(path), version: version?.replace(/^[v=]+/, '') ?? '', ...(licences.length && { licences }) }] };
  },
};

function place(path: string): 'installed' | 'inside' | 'outside' {
  const modules = `/${path}`.lastIndexOf('/node_modules/');
  if (modules < 0) return 'outside';
  const rest = path.slice(modules + 13);
  const slashes = rest.split('/').length - 1;
  return slashes === (rest.startsWith('@') ? 2 : 1) ? 'installed' : 'inside';
}

/** `node_modules/@scope/name/package.json` → `@scope/name`. */
const folderName = (path: string): string => path.slice(0, -'/package.json'.length).split('/node_modules/').at(-1)!;

/** `license: "MIT"`, the older `{type}` and `licenses: [{type}]`. */
export function licencesOf(json: Record<string, unknown>): string[] {
  const all = [json['license'], json['licenses'], json['licence']].flat();
  return all.map((one) => textOf(isRecord(one) ? one['type'] ?? one['name'] : one)).filter((text) => text !== undefined);
}
