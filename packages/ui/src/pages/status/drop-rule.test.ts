import { expect, test } from 'vitest'
import { dropRule, labelDropRule } from './drop-rule.ts'

const regexOf = (yaml: string): string => /regex: (.*)/.exec(yaml)![1]!

test('the whole rule', () => {
  expect(dropRule('__name__', 'go_gc_seconds')).toBe(
    'metric_relabel_configs:\n  - source_labels: [__name__]\n    regex: go_gc_seconds\n    action: drop\n',
  )
  expect(labelDropRule('path')).toBe('metric_relabel_configs:\n  - regex: path\n    action: labeldrop\n')
})

test.each([
  ['/api/v1?a=b', String.raw`'/api/v1\?a=b'`],
  ["it's", "'it''s'"],
  ['true', "'true'"],
  ['', "''"],
  ['127.0.0.1:9090', String.raw`'127\.0\.0\.1:9090'`],
  ['a\nb', String.raw`"a\nb"`],
])('the value %j', (value, wanted) => expect(regexOf(dropRule('x', value))).toBe(wanted))
