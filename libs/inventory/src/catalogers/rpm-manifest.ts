import type { FileCataloger, Found, FoundPackage, FoundProblem } from '../cataloger.ts';
import { sourceOf, withSourceEpochs } from './rpm.ts';

/**
 * What distroless images of CBL-Mariner and Azure Linux keep instead of a database: the answer of `rpm -qa`, ten columns with tabs between
 * (name, version-release, install time, build time, vendor, epoch as text, size, arch, epoch as number, source package).
 */
export const rpmManifest: FileCataloger = {
  name: 'rpm-manifest',
  version: 2,
  maxBytes: 16 * 1024 * 1024,
  wants: (path) => path === 'var/lib/rpmmanifest/container-manifest-2',
  catalog({ bytes }): Found {
    const packages: FoundPackage[] = [], problems: FoundProblem[] = [];
    bytes.toString('utf8').split('\n').forEach((line, i) => {
      if (line.trim() === '') return;
      const [name, version, , , vendor, , , arch, epoch, sourceRpm] = line.split('\t');
      if (!name || !version || sourceRpm === undefined) {
        if (problems.length < 20) problems.push({ code: 'rpm-manifest-line', detail: `line ${i + 1} has not ten columns` });
        return;
      }
      const source = sourceOf(sourceRpm.trim());
      packages.push({
        type: 'rpm', name,
        version: epoch && /^[1-9]\d*$/.test(epoch) ? `${epoch}:${version}` : version,
        ...(known(arch) && { arch }),
        ...(source && { source }),
        ...(known(vendor) && { vendor }),
      });
    });
    return { packages: withSourceEpochs(packages), ...(problems.length && { problems }) };
  },
};

const known = (text: string | undefined): text is string => Boolean(text) && text !== '(none)';
