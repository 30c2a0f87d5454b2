import { randomInt } from 'node:crypto';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Random text without bias: 5.95 bits a character. */
export const randomBase62 = (length: number): string => Array.from({ length }, () => digits[randomInt(62)]).join('');

/** A number with leading zeros. */
export const base62 = (value: number, length: number): string => {
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = digits[rest % 62]! + text;
  return text.padStart(length, '0');
};
