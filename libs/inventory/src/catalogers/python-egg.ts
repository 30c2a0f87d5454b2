import { type FileCataloger, type Found, unreadable } from '../cataloger.ts';
import { openZip } from '../zip.ts';
import { readPythonMetadata } from './pypi.ts';

const MiB = 1024 * 1024;

/** Python eggs that stay zipped: `NAME-VERSION-pyX.Y.egg` with `EGG-INFO/PKG-INFO` inside (setuptools docs, "The Internal Structure of Python Eggs"). */
export const pythonEgg: FileCataloger = {
  name: 'python-egg',
  version: 1,
  maxBytes: 128 * MiB,
  wants: (path) => path.charCodeAt(path.length - 1) === 103 && path.endsWith('.egg'),
  catalog({ bytes }): Found {
    const zip = openZip(bytes, 200_000), member = zip.members.find(({ name }) => name === 'EGG-INFO/PKG-INFO');
    return member ? readPythonMetadata(zip.read(member, 16 * MiB)) : unreadable('python-metadata-incomplete', 'an egg without EGG-INFO/PKG-INFO');
  },
};
