const block = 512;

/** The one header a member of a bundle has (POSIX.1-1988 ustar): nothing in it depends on when or by whom it was written. */
export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(block);
  header.write(name, 0, 100, 'ascii');
  header.write('0000644\u00000000000\u00000000000\u0000', 100, 'latin1');
  header.write(`${size.toString(8).padStart(11, '0')}\u0000`, 124, 'latin1');
  header.write('00000000000\u0000', 136, 'latin1');
  header.write('        0', 148, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  return header;
}

/** Zeros up to the next whole block. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((block - size % block) % block);
export const tarEnd = Buffer.alloc(2 * block);
export const tarBlock = block;
/** Octal digits of a size: 8 GiB and no more. */
export const tarSizeAtMost = 8 ** 11 - 1;
