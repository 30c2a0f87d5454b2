import type { FileCataloger } from '../cataloger.ts';
import { shippedSbom } from './shipped-sbom.ts';

/** Bitnami's images carry an SPDX document of every component they unpack: `opt/bitnami/NAME/.spdx-NAME.spdx`. */
export const bitnami: FileCataloger = {
  name: 'bitnami',
  version: 1,
  maxBytes: 16 * 1024 * 1024,
  wants: (path) => path.startsWith('opt/bitnami/') && /\/\.spdx-[^/]+\.spdx$/.test(path),
  catalog: ({ bytes }) => shippedSbom(bytes),
};
