import type { FileCataloger } from '../cataloger.ts';
import { shippedSbom } from './shipped-sbom.ts';

/** What a wheel carries inside it, by the documents it brings along: `NAME.dist-info/sboms/*.json` (PEP 770). pip lists the libraries it vendors so. */
export const pythonSboms: FileCataloger = {
  name: 'python-sboms',
  version: 1,
  maxBytes: 16 * 1024 * 1024,
  wants: (path) => path.charCodeAt(path.length - 1) === 110 && /\.dist-info\/sboms\/[^/]+\.json$/.test(path),
  catalog: ({ bytes }) => shippedSbom(bytes),
};
