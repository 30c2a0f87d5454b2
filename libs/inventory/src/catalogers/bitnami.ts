import type { FileCataloger, Found, FoundPackage } from '../cataloger.ts';
import { fromSbom } from '../sbom/from-sbom.ts';
import { isSystemType } from '../sbom/identity.ts';

/** Bitnami's images carry an SPDX document of every component they unpack: `opt/bitnami/NAME/.spdx-NAME.spdx`. Its operating-system packages are dpkg's to tell. */
export const bitnami: FileCataloger = {
  name: 'bitnami',
  version: 1,
  maxBytes: 16 * 1024 * 1024,
  wants: (path) => path.startsWith('opt/bitnami/') && /\/\.spdx-[^/]+\.spdx$/.test(path),
  catalog({ bytes }): Found {
    const { packages, problems } = fromSbom(bytes);
    return {
      packages: packages.filter(({ type }) => !isSystemType(type)).map(({ type, name, version, arch, licences }): FoundPackage => ({ type, name, version, ...(arch && { arch }), ...(licences.length && { licences }) })),
      ...(problems.length && { problems: problems.map(({ code, detail }) => ({ code, detail })) }),
    };
  },
};
