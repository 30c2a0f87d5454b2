import { expect, it } from 'vitest';
import { instructionOf, stepsOf } from './steps.ts';

it.each([
  ['/bin/sh -c #(nop)  ENV A=1 B=2', 'ENV', 'A=1 B=2', []],
  ['/bin/sh -c #(nop) ADD file:0123 in / ', 'ADD', 'file:0123 in /', []],
  ['/bin/sh -c apt-get update', 'RUN', 'apt-get update', []],
  ['|2 TOKEN=a b VERSION=2 /bin/sh -c make all', 'RUN', 'make all', ['TOKEN=a b', 'VERSION=2']],
  ['RUN /bin/sh -c apk add curl # buildkit', 'RUN', 'apk add curl', []],
  ['RUN |1 TOKEN=s3 /bin/bash -o pipefail -c make # buildkit', 'RUN', 'make', ['TOKEN=s3']],
  ['COPY --chown=1000:1000 . /app # buildkit', 'COPY', '--chown=1000:1000 . /app', []],
  ['USER 1000', 'USER', '1000', []],
  ['bazel build //app:image', '', 'bazel build //app:image', []],
  ['', '', '', []],
])('%s', (createdBy, instruction, text, given) => {
  expect(instructionOf(createdBy)).toEqual({ instruction, text, arguments: given });
});

it('ties steps to layers only where they add up', () => {
  const history = [{ createdBy: 'ADD a /' }, { createdBy: 'ENV A=1', emptyLayer: true }, { createdBy: 'RUN b' }].map((one) => ({ created: undefined, comment: undefined, emptyLayer: false, ...one }));
  expect(stepsOf(history, ['one', 'two']).map(({ layer }) => layer)).toEqual(['one', undefined, 'two']);
  expect(stepsOf(history, ['one']).map(({ layer }) => layer)).toEqual([undefined, undefined, undefined]);
});
