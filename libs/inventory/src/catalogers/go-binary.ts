import { invalid, Problem } from '@plimsoll/problem';
import type { Found, FoundPackage, PartsCataloger } from '../cataloger.ts';
import { atAddress, type Elf, isElf, mayBeExecutable, readElf } from '../elf.ts';
import { type Place, type Reading, search, type Slice, slices } from '../partial-reading.ts';

/**
 * Modules linked into Go programs, from the build information every Go linker since 1.13 leaves (go/src/debug/buildinfo).
 * Only the writable segments are looked through, where it is; Go before 1.18 points from there back into read-only data, which
 * costs another walk.
 */
export const goBinary: PartsCataloger = {
  name: 'go-binary',
  version: 2,
  wants: mayBeExecutable,
  wantsHead: isElf,
  *read(size): Reading<Found> {
    const info = yield* findBuildInfo(yield* readElf(size));
    return { packages: info ? modulesOf(info) : [] };
  },
};

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const alignment = 16;
const maxText = 16 * 1024 * 1024;
/** Build information of Kubernetes has 20 KB. More is read when there is more. */
const usualSize = 64 * 1024;

interface BuildInfo { readonly go: string; readonly modules: string }

/** The first that can be read; the program's own text may hold the mark too. */
function* findBuildInfo(elf: Elf): Reading<BuildInfo | undefined> {
  let damage: Problem | undefined;
  for (const segment of elf.segments.filter(({ writable }) => writable)) {
    const isAligned = (offset: number): boolean => (segment.address + offset - segment.offset) % alignment === 0;
    const to = segment.offset + segment.size;
    for (let from = segment.offset, place; (place = yield* search({ mark: magic, from, to, keep: usualSize, accepts: isAligned })); from = place.offset + usualSize) {
      for (const offset of marksIn(place, isAligned)) {
        try {
          return yield* decode(elf, { offset, bytes: place.bytes.subarray(offset - place.offset) }, to);
        } catch (error) {
          damage ??= Problem.from(error);
        }
      }
    }
  }
  if (damage) throw damage;
  return undefined;
}

/** What was kept behind the first mark has passed: further marks in it are looked for here. */
function* marksIn({ offset, bytes }: Place, isAligned: (offset: number) => boolean): Generator<number> {
  for (let at = 0; at >= 0; at = bytes.indexOf(magic, at + 1)) if (isAligned(offset + at)) yield offset + at;
}

/** Header of 32 bytes: magic, pointer size, flags; then either both texts inline (Go 1.18) or pointers to two string headers. */
function* decode(elf: Elf, at: Place, end: number): Reading<BuildInfo> {
  if (at.bytes.length < 32) throw invalid('go-buildinfo-corrupt', 'the build information is cut off');
  return at.bytes[15]! & 2 ? yield* inline(at, end) : yield* pointedAt(elf, at.bytes);
}

function* inline({ offset, bytes }: Place, end: number): Reading<BuildInfo> {
  const texts: string[] = [];
  for (let at = 32; texts.length < 2;) {
    const { length, start } = prefix(bytes, at);
    at = start + length;
    if (length > maxText || offset + at > end) throw invalid('go-buildinfo-corrupt', `a text of ${length} bytes does not fit the file`);
    // The length behind a long text has up to ten bytes.
    if (at + 10 > bytes.length) bytes = Buffer.concat([bytes, ...yield* slices({ offset: offset + bytes.length, size: Math.min(end - offset, at + 10) - bytes.length })]);
    if (at > bytes.length) throw invalid('go-buildinfo-corrupt', `a text of ${length} bytes does not fit the file`);
    texts.push(withoutSentinels(bytes.subarray(start, at)));
  }
  return { go: texts[0]!, modules: texts[1]! };
}

/** A length in base 128, least significant part first (encoding/binary, Uvarint). */
function prefix(bytes: Buffer, at: number): { length: number; start: number } {
  let length = 0, scale = 1;
  for (let i = at; i < at + 5 && i < bytes.length; i++) {
    length += (bytes[i]! & 127) * scale;
    scale *= 128;
    if (bytes[i]! < 128) return { length, start: i + 1 };
  }
  throw invalid('go-buildinfo-corrupt', 'the build information is cut off');
}

/** Two pointers, each to the header of a string: a pointer to its text, and its length. */
function* pointedAt(elf: Elf, info: Buffer): Reading<BuildInfo> {
  const pointerSize = info[14]!, big = (info[15]! & 1) !== 0;
  if (pointerSize !== 4 && pointerSize !== 8) throw invalid('go-buildinfo-corrupt', `a pointer size of ${pointerSize}`);
  const pointer = (bytes: Buffer, at: number): number => {
    if (pointerSize === 4) return big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    return Number(big ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at));
  };
  const place = (address: number, size: number): Slice => {
    if (size === 0) return { offset: 0, size };
    const found = atAddress(elf, address);
    if (!found) throw invalid('go-buildinfo-corrupt', 'a pointer leads outside the file');
    if (size > found.size || size > maxText) throw invalid('go-buildinfo-corrupt', `a text of ${size} bytes does not fit the file`);
    return { offset: found.offset, size };
  };
  const wanted = [16, 16 + pointerSize].map((at) => pointer(info, at)).map((address) => place(address, address === 0 ? 0 : 2 * pointerSize));
  const headers = yield* complete(wanted);
  const texts = yield* complete(headers.map((header) => (header.length === 0 ? place(0, 0) : place(pointer(header, 0), pointer(header, pointerSize)))));
  return { go: withoutSentinels(texts[0]!), modules: withoutSentinels(texts[1]!) };
}

function* complete(wanted: readonly Slice[]): Reading<readonly Buffer[]> {
  const got = yield* slices(...wanted);
  if (got.some(({ length }, i) => length < wanted[i]!.size)) throw invalid('go-buildinfo-corrupt', 'a pointer leads outside the file');
  return got;
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
