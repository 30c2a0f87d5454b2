import type { FileCataloger, Found } from '../cataloger.ts';
import { isRecord, parseJsonFile } from '../json-file.ts';

/** NuGet packages an application was published with: `APP.deps.json` (dotnet/sdk documentation/specs/runtime-configuration-file.md). */
export const dotnetDeps: FileCataloger = {
  name: 'dotnet-deps',
  version: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 110 && path.endsWith('.deps.json'),
  catalog({ bytes }): Found {
    const libraries = parseJsonFile(bytes, 'dotnet-deps-invalid')['libraries'];
    if (!isRecord(libraries)) return { packages: [] };
    const packages: Found['packages'] = [];
    for (const [key, library] of Object.entries(libraries)) {
      const kind = isRecord(library) ? library['type'] : undefined, slash = key.indexOf('/');
      // `project` is the application's own code, which no feed knows.
      if (slash <= 0 || (kind !== 'package' && kind !== 'runtimepack')) continue;
      packages.push({ type: 'nuget', name: key.slice(0, slash).replace(/^runtimepack\./, ''), version: key.slice(slash + 1) });
    }
    return { packages };
  },
};
