import { type FileCataloger, type Found, unreadable } from '../cataloger.ts';
import { openZip } from '../zip.ts';
import { readPackageJson } from './npm.ts';

const MiB = 1024 * 1024;

/** Packages that Yarn runs out of their archives without unpacking them: `.yarn/cache/NAME-npm-VERSION-HASH.zip` (Yarn docs, "Plug'n'Play"). */
export const yarnCache: FileCataloger = {
  name: 'yarn-cache',
  version: 1,
  maxBytes: 256 * MiB,
  wants: (path) => path.charCodeAt(path.length - 1) === 112 && /(?:^|\/)\.yarn\/(?:berry\/)?cache\/[^/]+\.zip$/.test(path),
  catalog({ bytes }): Found {
    const zip = openZip(bytes, 200_000), member = zip.members.find(({ name }) => /^node_modules\/(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(name));
    return member ? readPackageJson(member.name, zip.read(member, 8 * MiB)) : unreadable('yarn-cache-unreadable', 'an archive without a package.json');
  },
};
