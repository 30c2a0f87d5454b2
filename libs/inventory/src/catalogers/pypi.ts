import { type FileCataloger, type Found, unreadable } from '../cataloger.ts';

/**
 * Installed Python distributions: `X.dist-info/METADATA` (PEP 376, 566), `X.egg-info/PKG-INFO`, the single file `X.egg-info` that
 * distutils wrote, and `EGG-INFO/PKG-INFO` in eggs.
 */
export const pypi: FileCataloger = {
  name: 'pypi',
  version: 1,
  maxBytes: 16 * 1024 * 1024,
  wants(path) {
    switch (path.charCodeAt(path.length - 1)) {
      case 65: return path.endsWith('.dist-info/METADATA');
      case 79: return path.endsWith('.egg-info/PKG-INFO') || path.endsWith('EGG-INFO/PKG-INFO');
      case 111: return path.endsWith('.egg-info');
      default: return false;
    }
  },
  catalog: ({ bytes }) => readPythonMetadata(bytes),
};

/** What the metadata of a distribution tells (Core metadata specifications). */
export function readPythonMetadata(bytes: Buffer): Found {
  const fields = headers(bytes.toString('utf8'));
  const name = fields.get('name')?.[0];
  if (!name) return unreadable('python-metadata-incomplete', 'no Name field');
  const licences = licencesOf(fields);
  return { packages: [{ type: 'pypi', name: normalPythonName(name), version: fields.get('version')?.[0] ?? '', ...(licences.length && { licences }) }] };
}

/** One name for all spellings (PEP 503). */
export const normalPythonName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/** Fields of the header block: it ends at the first empty line, folded lines belong to the field above. */
function headers(text: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    if (line === '') break;
    const match = /^([A-Za-z][\w-]*):\s*(.*)$/.exec(line);
    if (!match) continue;
    const key = match[1]!.toLowerCase(), value = match[2]!.trim();
    if (!value || value === 'UNKNOWN') continue;
    const known = fields.get(key);
    if (known) known.push(value);
    else fields.set(key, [value]);
  }
  return fields;
}

/** The expression where there is one (PEP 639), else the classifiers, else a short text. */
function licencesOf(fields: Map<string, string[]>): string[] {
  const expression = fields.get('license-expression');
  if (expression) return expression;
  const classifiers = (fields.get('classifier') ?? []).filter((text) => text.startsWith('License ::')).map((text) => text.split('::').at(-1)!.trim()).filter((text) => text !== 'OSI Approved');
  return classifiers.length ? classifiers : fields.get('license')?.filter((text) => text.length < 100) ?? [];
}
