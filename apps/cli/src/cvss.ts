import { type CvssScore, scoreCvss } from '@plimsoll/advisories';
import { Problem } from '@plimsoll/problem';
import { type Command, json } from './command.ts';
import { answerLines, NotAQuestion, remembering } from './json-lines.ts';
import { jsonLine, say } from './terminal.ts';

export const command: Command = {
  usage: '[VECTOR…]',
  about: `What CVSS vectors of 2.0, 3.0, 3.1 and 4.0 are worth. Vectors are arguments, or lines on standard input, as they are or as JSON (text, or {"vector": …}); each is answered with a line:

  CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P
  {"version": "3.1", "score": 9.8, "severity": "critical", "base_score": 9.8, "temporal_score": 9.3}

\`score\` and \`severity\` are of the base metrics for 2 and 3, of the whole vector for 4. \`temporal_score\` (4.0: \`threat_score\`) and
\`environmental_score\` are there when the vector says something of them. A vector that breaks its specification is answered with
{"error": "cvss-metric-missing", "detail": …}; JSON that is broken has its line's number too, and then the exit code is 1.`,
  options: { json: { ...json, what: 'print JSON, which is what it always does' } },
  words: [0, 10_000],
  run: async ({ positionals: vectors }) => {
    if (vectors.length === 0) return answerLines((question) => scoresOf(vectorOf(question)), questionOf);
    const answers = vectors.map((vector) => scoresOf(vector));
    say(answers.map(jsonLine).join('\n'));
    return answers.some((answer) => 'error' in answer) ? 1 : 0;
  },
};

/** A vector as it is, or JSON. */
const questionOf = (line: string): unknown => /^\s*[{["]/.test(line) ? JSON.parse(line) : line.trim();

function vectorOf(question: unknown): string {
  const vector = typeof question === 'object' && question !== null && 'vector' in question ? question.vector : question;
  if (typeof vector !== 'string') throw new NotAQuestion('neither text nor {"vector": text}');
  return vector;
}

/** The same few thousand vectors come again and again. */
const scoresOf = remembering((vector): object => {
  let scored: CvssScore;
  try {
    scored = scoreCvss(vector);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { error: error.code, detail: error.detail };
  }
  const { version, score, severity, base, temporal, environmental } = scored;
  return {
    version, score, severity, base_score: base,
    ...(temporal === undefined ? {} : { [version === '4.0' ? 'threat_score' : 'temporal_score']: temporal }),
    ...(environmental === undefined ? {} : { environmental_score: environmental }),
  };
});
