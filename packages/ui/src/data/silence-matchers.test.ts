import { expect, test } from 'vitest'
import { matcherText, parseMatchers } from './silence-matchers.ts'

const written = (text: string): string[] => parseMatchers(text).map(matcherText)

test.each([
  ['job="a"', ['job="a"']],
  ['{job="a", instance!~"b.*"}', ['job="a"', 'instance!~"b.*"']],
  ['job=a\nsite!=lab', ['job="a"', 'site!="lab"']],
  [String.raw`path=~"a,\"b\""`, [String.raw`path=~"a,\"b\""`]],
  ['', []],
])('%j', (text, wanted) => expect(written(text)).toEqual(wanted))

test.each(['job', '="a"', 'job=="a"', 'job="a" "b"', 'job="a'])('%j is refused', (text) =>
  expect(() => parseMatchers(text)).toThrow('is no matcher'),
)
