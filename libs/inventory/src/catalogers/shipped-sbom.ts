import type { Found, FoundPackage } from '../cataloger.ts';
import { fromSbom } from '../sbom/from-sbom.ts';
import { isSystemType } from '../sbom/identity.ts';

/**
 * The packages of a document that was shipped with what it describes. What it lists without a package URL is nothing this image lacks; operating-system
 * packages are the database's to tell, and those of another distribution cannot be judged by this one's advisories.
 */
export const shippedSbom = (bytes: Buffer): Found => ({
  packages: fromSbom(bytes).packages.filter(({ type, version }) => !isSystemType(type) && version !== '').map(({ type, name, version, arch, licences }): FoundPackage =>
    ({ type, name, version, ...(arch && { arch }), ...(licences.length && { licences }) })),
});
