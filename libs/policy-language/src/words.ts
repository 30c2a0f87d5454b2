/** Names, labels and error texts come from images: control and direction characters would write over a terminal or a log. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '\u{FFFD}');

/** At most so many UTF-16 units of a text, never half a character. */
export const cut = (text: string, longest = 2_000): string =>
  (text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, '')}…`);
