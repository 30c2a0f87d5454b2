/** Numbers and keys where they lie. In hot loops these are several times as fast as the methods of Buffer, which check and cross into C++. */
export const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
export const u32 = (bytes: Uint8Array, at: number): number => (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

/** Order of the bytes at a place against a key; a prefix comes first. Below 0, 0 or above. */
export function compareBytes(bytes: Uint8Array, at: number, size: number, key: Uint8Array, keySize: number): number {
  const common = size < keySize ? size : keySize;
  for (let index = 0; index < common; index++) {
    const difference = bytes[at + index]! - key[index]!;
    if (difference !== 0) return difference;
  }
  return size - keySize;
}
