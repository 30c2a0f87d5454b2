import type { FileCataloger, Found } from '../cataloger.ts';
import { parseJsonFile, textOf } from '../json-file.ts';

/** What conda, mamba and pixi installed into an environment: `conda-meta/NAME-VERSION-BUILD.json` (conda docs, "conda-meta"). */
export const conda: FileCataloger = {
  name: 'conda',
  version: 1,
  maxBytes: 64 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 110 && /(?:^|\/)conda-meta\/[^/]+\.json$/.test(path),
  catalog({ bytes }): Found {
    const json = parseJsonFile(bytes, 'conda-meta-invalid'), name = textOf(json['name']), licence = textOf(json['license']);
    // Tools keep notes of their own beside the packages (`history`, `pixi_env_prefix.json`).
    if (!name || json['version'] === undefined) return { packages: [] };
    return { packages: [{ type: 'conda', name, version: textOf(json['version']) ?? '', ...(licence && { licences: [licence] }) }] };
  },
};
