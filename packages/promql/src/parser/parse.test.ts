import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  ALL_PARSER_OPTIONS,
  exprToJson,
  formatQuery,
  lineColumn,
  parseExpr,
  ParseError,
  parseSelector,
  printExpr,
  sliceBytes,
  walk,
} from './index.ts'

function failure(query: string, options = ALL_PARSER_OPTIONS): ParseError {
  try {
    parseExpr(query, options)
  } catch (error) {
    if (error instanceof ParseError) return error
    throw error
  }
  throw new Error(`no error in ${query}`)
}

test.each([
  ['', 'unknown position: parse error: no expression found in input'],
  ['1 +', '1:4: parse error: unexpected end of input'],
  ['foo{a=b}', '1:7: parse error: unexpected identifier "b" in label matching, expected string'],
  ['sum(rate(foo[5m]) by (x))', '1:19: parse error: unexpected <by> in aggregation'],
  ['sum by a (x)', '1:8: parse error: unexpected identifier "a" in grouping opts, expected "("'],
  ['foo[5m', '1:7: parse error: unclosed left bracket'],
  ['"ä" + \nfoo(', '2:5: parse error: unclosed left parenthesis'],
  ['foo[5x]', '1:5: parse error: bad number or duration syntax: "5"'],
  ['{a=~"("}', '1:2: parse error: error parsing regexp: missing closing ): `(`'],
  [
    'rate(foo)',
    '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
  ],
  ['1 == 1', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
  ['sum(a,)', '1:6: parse error: trailing commas not allowed in function call args'],
  ['foo @ bar', '1:7: parse error: unexpected identifier "bar" in @, expected timestamp'],
])('%s', (query, message) => {
  expect(failure(query).message).toBe(message)
})

test('experimental parts need their feature', () => {
  const off = {
    experimentalFunctions: false,
    durationExpressions: false,
    extendedRangeSelectors: false,
    fillModifiers: false,
  }
  const text = (query: string): string => failure(query, off).faults[0]!.message
  expect(text('limitk(1, a)')).toContain(
    'limitk() is experimental and must be enabled with --enable-feature=',
  )
  expect(text('info(a)')).toBe('function "info" is not enabled')
  expect(text('rate(a[5m] smoothed)')).toBe('smoothed modifier is experimental and not enabled')
  expect(text('a + fill(0) b')).toBe('binop fill modifiers are experimental and not enabled')
  expect(text('a[5m*2]')).toBe('experimental duration expression is not enabled')
})

test('a grouped function call is refused with its mend', () => {
  const query = 'rate(x[5m]) by (provider) / rate(y[5m])'
  const { mend, message } = failure(query)
  expect(message).toBe('1:13: parse error: unexpected <by>')
  const mended = mend!.text + query.slice(mend!.position.end)
  expect(mended).toBe('sum by (provider) (rate(x[5m])) / rate(y[5m])')
  expect(() => parseExpr(mended)).not.toThrow()
  expect(failure('a + (b) without (c)').mend?.text).toBe('sum without (c) (b)')
  expect(failure('sum(x) by (a) by (b)').mend).toBeUndefined()
})

test.each([
  ['-a ^ 2 * b', '-a ^ 2 * b', '*'],
  ['a ^ b ^ c', 'a ^ b ^ c', '^'],
  ['a or b and c', 'a or b and c', 'or'],
  ['foo offset -2^2', 'foo offset -2s ^ 2', '^'],
])('%s binds as %s', (query, printed, op) => {
  const expr = parseExpr(query, ALL_PARSER_OPTIONS)
  expect(expr.type === 'binary' && expr.op).toBe(op)
  expect(printExpr(expr)).toBe(printed)
})

test('positions are UTF-8 bytes', () => {
  const query = '{"ä€😀"} + sum by (x) (b[5m:])'
  const { faults } = failure(query)
  expect(faults[0]!.position).toEqual({ start: query.lastIndexOf('b') + 5, end: query.lastIndexOf('b') + 11 })
  const expr = parseExpr('{"ä€😀"} + b')
  expect(expr.type === 'binary' && sliceBytes('{"ä€😀"} + b', expr.rhs.position)).toBe('b')
  expect(lineColumn('a\nb', 2)).toBe('2:1')
})

test('long queries are split over lines', () => {
  const long = 'a'.repeat(60)
  expect(formatQuery(`sum by (x) (${long} + ${long})`)).toBe(`sum by (x) (\n    ${long}\n  +\n    ${long}\n)`)
})

test('selectors', () => {
  expect(parseSelector('up{job="a"}').map(String)).toEqual(['job="a"', '__name__="up"'])
  expect(() => parseSelector('up[5m]')).toThrow('unexpected "["')
})

test('trees as JSON', () => {
  expect(exprToJson(parseExpr('sum by (a) (rate(x[5m] offset 1m))'))).toEqual({
    type: 'aggregation', op: 'sum', grouping: ['a'], without: false, param: null,
    expr: {
      type: 'call',
      func: { name: 'rate', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
      args: [{
        type: 'matrixSelector', name: 'x', range: 300_000, rangeExpr: null, offset: 60_000, offsetExpr: null,
        matchers: [{ name: '__name__', value: 'x', type: '=' }],
        timestamp: null, startOrEnd: null, anchored: false, smoothed: false,
      }],
    },
  }) // prettier-ignore
})

test.each([
  ['brackets', '('.repeat(100_000) + '1' + ')'.repeat(100_000)],
  ['signs', '-'.repeat(100_000) + 'a'],
  ['a chain', 'a' + '+a'.repeat(100_000)],
  ['subqueries', 'a' + '[5m:]'.repeat(100_000)],
])('%s nested too deeply are refused', (_name, query) => {
  expect(failure(query).message).toMatch(/nested more than 1000 levels deep|subquery is only allowed/)
})

const FRAGMENTS = ['a', 'sum', ' by ', ' (', ')', '[5m]', '[5m:', ']', '{', '}', 'x="y"', ',', '"s"', "'", '`', '\\', '\n', '#c\n',
  '+', '-', '^', ' offset ', ' @ ', 'start()', '5m', '1e3', '0x1_f', 'rate', 'topk(1,', ' and ', ' on(a)', ' group_left ', 'bool', 'ü', '😀', '</'] // prettier-ignore

test('no text crashes the parser; positions stay inside; printing is a fixed point', () => {
  const text = fc.oneof(
    fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 20 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 30 }),
  )
  fc.assert(
    fc.property(text, (query) => {
      const size = new TextEncoder().encode(query).length
      const inside = ({ start, end }: { start: number; end: number }): boolean =>
        start >= 0 && start <= size && end >= 0 && end <= size
      try {
        const expr = parseExpr(query, ALL_PARSER_OPTIONS)
        walk(expr, (node) => expect(inside(node.position)).toBe(true))
        const once = formatQuery(query, ALL_PARSER_OPTIONS)
        expect(formatQuery(once, ALL_PARSER_OPTIONS)).toBe(once)
      } catch (error) {
        if (!(error instanceof ParseError)) throw error
        for (const fault of error.faults) expect(inside(fault.position)).toBe(true)
      }
    }),
    { numRuns: 2000 },
  )
})
