import { inflateSync } from 'node:zlib';
import { invalid } from '@plimsoll/problem';
import type { Cataloger, Found } from '../cataloger.ts';
import { bytesOf, isElf, mayBeExecutable, readElf } from '../elf.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';

const maxJson = 8 * 1024 * 1024;

/** Crates linked into Rust programs built with `cargo auditable`: zlib-compressed JSON in the section `.dep-v0` (rust-secure-code/cargo-auditable, PARSING.md). */
export const cargoAuditable: Cataloger = {
  name: 'cargo-auditable',
  version: 1,
  maxBytes: 256 * 1024 * 1024,
  wants: mayBeExecutable,
  wantsHead: isElf,
  catalog({ bytes }): Found {
    if (bytes.indexOf('.dep-v0') < 0) return { packages: [] };
    const section = readElf(bytes).sections.find((one) => one.name === '.dep-v0');
    if (!section) return { packages: [] };
    let text: Buffer;
    try {
      text = inflateSync(bytesOf(bytes, section), { maxOutputLength: maxJson });
    } catch (error) {
      throw invalid('cargo-auditable-unreadable', (error as Error).message);
    }
    const crates = parseJsonFile(text, 'cargo-auditable-unreadable')['packages'];
    if (!Array.isArray(crates)) throw invalid('cargo-auditable-unreadable', 'no list of packages');
    const linked = crates.filter(isRecord).filter((crate) => crate['kind'] !== 'build');
    return { packages: linked.map((crate) => ({ type: 'cargo' as const, name: textOf(crate['name']) ?? '', version: textOf(crate['version']) ?? '' })).filter((crate) => crate.name) };
  },
};
