import type { HistoryStep } from '@plimsoll/oci';

/** One step of an image's history, as a line of a Dockerfile. */
export interface Step {
  /** Number in the history, from 1. */
  readonly number: number;
  /** `RUN`, `COPY`, `ENV` …; '' where a builder that is not Docker's wrote something else. */
  readonly instruction: string;
  /** What follows it; of RUN the command alone, without shell and build arguments. */
  readonly text: string;
  /** Build arguments a RUN was given: `NAME=value`. */
  readonly arguments: readonly string[];
  /** The layer it made, if any. */
  readonly layer: string | undefined;
}

/** The history as instructions; `layers` are the digests, lowest first. Steps are tied to layers only where they add up. */
export function stepsOf(history: readonly HistoryStep[], layers: readonly string[]): Step[] {
  const fits = history.filter(({ emptyLayer }) => !emptyLayer).length === layers.length;
  let next = 0;
  return history.map(({ createdBy, emptyLayer }, i) => ({ number: i + 1, ...instructionOf(createdBy ?? ''), layer: fits && !emptyLayer ? layers[next++] : undefined }));
}

/**
 * Docker's classic builder writes `/bin/sh -c #(nop)  COPY …` and for RUN the bare command, behind `|2 A=1 B=2` where there are build
 * arguments; BuildKit writes `COPY … # buildkit` and `RUN /bin/sh -c …`; Buildah and Kaniko write one or the other.
 */
export function instructionOf(createdBy: string): Pick<Step, 'instruction' | 'text' | 'arguments'> {
  const text = createdBy.replace(/\s*# buildkit$/, '').trim();
  const classic = /^(?:\S*sh -c )?#\(nop\)\s+([A-Z]+)\s*(.*)$/s.exec(text);
  if (classic) return { instruction: classic[1]!, text: classic[2]!, arguments: [] };
  const named = /^(RUN|COPY|ADD|ENV|ARG|LABEL|USER|CMD|ENTRYPOINT|EXPOSE|VOLUME|WORKDIR|HEALTHCHECK|SHELL|STOPSIGNAL|ONBUILD|MAINTAINER|FROM)\b\s*(.*)$/s.exec(text);
  if (named && named[1] !== 'RUN') return { instruction: named[1]!, text: named[2]!, arguments: [] };
  const command = named ? named[2]! : text;
  const given = /^\|(\d{1,3}) (.*)$/s.exec(command);
  const [args, run] = given ? splitArguments(given[2]!, Number(given[1])) : [[], command];
  const shell = /^(?:\S*\/)?(?:ba|da|a|z)?sh (?:-\S+ |pipefail )*-\S*c (.*)$/s.exec(run);
  return named || given || shell ? { instruction: 'RUN', text: shell?.[1] ?? run, arguments: args } : { instruction: '', text, arguments: [] };
}

/** Build arguments are joined with spaces and never quoted, so the shell's path tells where they end. */
function splitArguments(text: string, count: number): [string[], string] {
  const end = text.search(/ (?:\/\S*\/)?(?:ba|da|a|z)?sh (?:-\S+ |pipefail )*-\S*c /);
  if (end < 0) return [[], text];
  const parts = text.slice(0, end).split(/ (?=[A-Za-z_]\w*=)/);
  return [parts.slice(0, count), text.slice(end + 1)];
}
