import { invalid, Problem } from '@plimsoll/problem';
import type { Cataloger, Found, FoundPackage } from '../cataloger.ts';
import { atAddress, bytesOf, type Elf, isElf, mayBeExecutable, readElf } from '../elf.ts';

/**
 * Modules linked into Go programs, from the build information every Go linker since 1.13 leaves (go/src/debug/buildinfo).
 * The whole file is held while it is read: formats before Go 1.18 point from the data segment back into read-only data.
 */
export const goBinary: Cataloger = {
  name: 'go-binary',
  version: 1,
  maxBytes: 256 * 1024 * 1024,
  wants: mayBeExecutable,
  wantsHead: isElf,
  catalog({ bytes }): Found {
    const info = findBuildInfo(bytes);
    return { packages: info ? modulesOf(info) : [] };
  },
};

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const maxText = 16 * 1024 * 1024;

interface BuildInfo { readonly go: string; readonly modules: string }

/** Looks where the linker puts it: the section of that name, else 16-byte steps through the writable segments. */
function findBuildInfo(file: Buffer): BuildInfo | undefined {
  // Most executables are not Go's: one search is cheaper than the tables, and a broken ELF that holds no mark is nobody's problem.
  if (file.indexOf(magic) < 0) return undefined;
  const elf = readElf(file);
  const section = elf.sections.find((one) => one.name === '.go.buildinfo');
  let damage: Problem | undefined;
  for (const part of section ? [section] : elf.segments.filter((one) => one.writable)) {
    const bytes = bytesOf(file, part);
    for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
      if ((part.address + at) % 16 !== 0) continue;
      try {
        return decode(file, elf, bytes.subarray(at));
      } catch (error) {
        damage ??= Problem.from(error);
      }
    }
  }
  if (damage) throw damage;
  return undefined;
}

/** Header of 32 bytes: magic, pointer size, flags; then either both texts inline (Go 1.18) or pointers to two string headers. */
function decode(file: Buffer, elf: Elf, at: Buffer): BuildInfo {
  if (at.length < 32) throw invalid('go-buildinfo-corrupt', 'the build information is cut off');
  const pointerSize = at[14]!, flags = at[15]!;
  if (flags & 2) {
    const go = prefixed(at, 32);
    return { go: go.text, modules: prefixed(at, go.next).text };
  }
  if (pointerSize !== 4 && pointerSize !== 8) throw invalid('go-buildinfo-corrupt', `a pointer size of ${pointerSize}`);
  const big = (flags & 1) !== 0;
  const pointer = (bytes: Buffer, offset: number): number => {
    if (offset + pointerSize > bytes.length) throw invalid('go-buildinfo-corrupt', 'a pointer leads outside the file');
    if (pointerSize === 4) return big ? bytes.readUInt32BE(offset) : bytes.readUInt32LE(offset);
    return Number(big ? bytes.readBigUInt64BE(offset) : bytes.readBigUInt64LE(offset));
  };
  const text = (address: number): string => {
    if (address === 0) return '';
    const header = atAddress(file, elf, address);
    if (!header) throw invalid('go-buildinfo-corrupt', 'a pointer leads outside the file');
    const length = pointer(header, pointerSize), start = pointer(header, 0);
    if (length === 0) return '';
    const bytes = atAddress(file, elf, start);
    if (!bytes || length > bytes.length || length > maxText) throw invalid('go-buildinfo-corrupt', `a text of ${length} bytes does not fit the file`);
    return withoutSentinels(bytes.subarray(0, length));
  };
  return { go: text(pointer(at, 16)), modules: text(pointer(at, 16 + pointerSize)) };
}

function prefixed(bytes: Buffer, at: number): { text: string; next: number } {
  let length = 0, shift = 1;
  for (let i = at; i < at + 5; i++) {
    const byte = bytes[i];
    if (byte === undefined) break;
    length += (byte & 127) * shift;
    shift *= 128;
    if (byte >= 128) continue;
    const start = i + 1, end = start + length;
    if (end > bytes.length || length > maxText) throw invalid('go-buildinfo-corrupt', `a text of ${length} bytes does not fit the file`);
    return { text: withoutSentinels(bytes.subarray(start, end)), next: end };
  }
  throw invalid('go-buildinfo-corrupt', 'the build information is cut off');
}

/** The module text stands between two marks of 16 bytes (go/src/cmd/go/internal/modload/build.go, infoStart and infoEnd). */
const infoStart = Buffer.from('3077af0c9274080241e1c107e6d618e6', 'hex');
const withoutSentinels = (bytes: Buffer): string => (bytes.length >= 33 && bytes.subarray(0, 16).equals(infoStart) ? bytes.subarray(16, -16) : bytes).toString('utf8');

/** Lines `mod|dep <path> <version> <sum>`; a line `=>` after one names what was really linked instead. */
function modulesOf({ go, modules }: BuildInfo): FoundPackage[] {
  const packages: FoundPackage[] = [];
  const toolchain = goVersion(go);
  if (toolchain) packages.push({ type: 'golang', name: 'stdlib', version: toolchain });
  let last: FoundPackage | undefined;
  for (const line of modules.split('\n')) {
    const [kind, path, version] = line.split('\t');
    if ((kind === 'mod' || kind === 'dep') && path) {
      last = { type: 'golang', name: path, version: released(version) };
      packages.push(last);
    } else if (kind === '=>' && path && last) {
      // A replacement by a directory has no version: whose code it is cannot be told.
      const local = /^\.{0,2}\//.test(path);
      packages[packages.length - 1] = { ...last, name: local ? last.name : path, version: released(version) };
    }
  }
  return packages;
}

const released = (version: string | undefined): string => (!version || version === '(devel)' ? '' : version);

/** `go1.22rc1 X:nocoverageredesign` → `v1.22.0-rc.1`, as the Go vulnerability database orders toolchains. */
export function goVersion(text: string): string | undefined {
  const match = /^(?:devel )?go(\d+)\.(\d+)(?:\.(\d+))?(?:(alpha|beta|rc)(\d+))?/.exec(text);
  if (!match) return undefined;
  const [, major, minor, patch = '0', stage, number] = match;
  return `v${major}.${minor}.${patch}${stage ? `-${stage}.${number}` : ''}`;
}
