import { isUtf8 } from 'node:buffer';

/** Text of a name's bytes: UTF-8, or Latin-1 where it is not, so that two different names never become one. */
export const nameText = (bytes: Buffer): string => (isUtf8(bytes) ? bytes.toString('utf8') : bytes.toString('latin1'));

/**
 * A name inside an image made clean: no leading or doubled or trailing slash, no `.` parts. `undefined` for one with a
 * `..` part or a NUL: such a name means something else to every program that reads it. '' is the root.
 */
export function cleanPath(name: string): string | undefined {
  let start = 0, end = name.length;
  if (name.startsWith('./')) start = 2;
  while (name.charCodeAt(end - 1) === 47 && end > start) end--;
  const path = start === 0 && end === name.length ? name : name.slice(start, end);
  return isClean(path) ? path : cleanSlowly(name);
}

function isClean(path: string): boolean {
  const first = path.charCodeAt(0);
  return first !== 47 && !(first === 46 && (path === '.' || path === '..' || path.startsWith('./') || path.startsWith('../')))
    && !path.includes('/.') && !path.includes('//') && !path.includes('\0');
}

function cleanSlowly(name: string): string | undefined {
  if (name.includes('\0')) return undefined;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts.join('/');
}

/** The last part of a clean path. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Everything before the last part of a clean path; '' for a name in the root. */
export const directoryName = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
