import { baseName, type FileCataloger, type Found } from '../cataloger.ts';
import { isOwnable } from '../ownable.ts';
import { readStatus } from './dpkg.ts';

/** Where OpenWrt and where Yocto keep it. */
const folders = ['usr/lib/opkg/', 'var/lib/opkg/'] as const;

/** The database of opkg (opkg libopkg/pkg.c): `status`, in the form of dpkg's, and one list of paths for each package. */
export const opkg: FileCataloger = {
  name: 'opkg',
  version: 1,
  maxBytes: 64 * 1024 * 1024,
  wants(path) {
    if (path.charCodeAt(8) !== 111 || !folders.some((one) => path.startsWith(one))) return false;
    return path.slice(13) === 'status' || (path.startsWith('info/', 13) && path.endsWith('.list'));
  },
  catalog({ path, bytes }): Found {
    if (path.endsWith('/status')) return readStatus(bytes, false, 'opkg');
    // A line of opkg may go on with mode and link after a tab.
    const paths = bytes.toString('utf8').split('\n').map((line) => line.split('\t', 1)[0]!.replace(/^\//, '')).filter((one) => one !== '' && isOwnable(one));
    return { packages: [], ...(paths.length && { owned: [{ type: 'opkg', name: baseName(path).slice(0, -'.list'.length), paths }] }) };
  },
};
