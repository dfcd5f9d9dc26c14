import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ExpositionError } from './errors.ts'
import { createTextParser } from './content-type.ts'
import { parseExposition } from './parse.ts'
import type { ExpositionFormat } from './content-type.ts'

const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text

function read(text: string | Uint8Array, format: ExpositionFormat = 'text'): string[] {
  const out: string[] = []
  parseExposition(bytesOf(text), format, {
    sample: (labels, value, timeMs, exemplars) => {
      const shown = exemplars.map((e) => ` # ${e.labels.toString()} ${e.value} ${e.timeMs}`).join('')
      out.push(`${labels.toString()} ${value}${timeMs === undefined ? '' : ` @${timeMs}`}${shown}`)
    },
    histogram: (labels) => out.push(`${labels.toString()} histogram`),
    metadata: (name, metadata) => out.push(`${name} ${JSON.stringify(metadata)}`),
  })
  return out
}

function fault(text: string | Uint8Array, format: ExpositionFormat = 'text'): string {
  try {
    read(text, format)
  } catch (error) {
    expect(error).toBeInstanceOf(ExpositionError)
    return (error as Error).message
  }
  return 'no error'
}

describe('text 0.0.4', () => {
  test('metadata, labels, values, timestamps', () => {
    const text = `# HELP a Some \\n help \\\\ "x"\n#TYPE ignored\n# TYPE a  counter`.replace(
      '  counter',
      ' counter',
    )
    expect(
      read(`${text}\na 1\na{b="c",} 2.5e3 1700000000000\n\n a{ b = "x\\ny\\"\\\\\\d" , } +Inf\na NaN`),
    ).toEqual([
      'a {"help":"Some \\n help \\\\ \\"x\\""}',
      'a {"type":"counter"}',
      '{__name__="a"} 1',
      '{__name__="a", b="c"} 2500 @1700000000000',
      '{__name__="a", b="x\\ny\\"\\\\\\\\d"} Infinity',
      '{__name__="a"} NaN',
    ])
  })
  test('le and quantile are floats of the Prometheus 3 kind', () => {
    expect(
      read(
        '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="1000000"} 1\nh_bucket{le="x"} 1\n# TYPE s summary\ns{quantile="0.50"} 1\ns{le="1"} 1',
      ),
    ).toEqual([
      'h {"type":"histogram"}',
      '{__name__="h_bucket", le="1.0"} 1',
      '{__name__="h_bucket", le="1e+06"} 1',
      '{__name__="h_bucket", le="x"} 1',
      's {"type":"summary"}',
      '{__name__="s", quantile="0.5"} 1',
      '{__name__="s", le="1"} 1',
    ])
  })
  test('UTF-8 names in quotes', () => {
    expect(read('{"my.metric", "a.b"="c"} 1\n# TYPE "my.metric" gauge\n')).toEqual([
      '{__name__="my.metric", "a.b"="c"} 1',
      'my.metric {"type":"gauge"}',
    ])
  })
  test('a quoted value may hold a line break', () => {
    expect(read('a{b="x\ny"} 1\n')).toEqual(['{__name__="a", b="x\\ny"} 1'])
  })
  // Texts as upstream's parser gives them.
  test.each([
    ['a\n', 'expected value after metric, got "\\n" ("INVALID") while parsing: "a\\n"'],
    ["a{b='c'} 1\n", `expected label value, got "'" ("INVALID") while parsing: "a{b='"`],
    ['a{b=\n', 'expected label value, got "\\n" ("INVALID") while parsing: "a{b=\\n"'],
    ['a true\n', 'strconv.ParseFloat: parsing "true": invalid syntax while parsing: "a true"'],
    ['empty_label_name{=""} 0', 'expected label name, got "=\\"" ("EQUAL") while parsing: "empty_label_name{=\\""'],
    ['foo 1_2\n', 'unsupported character in float while parsing: "foo 1_2"'],
    ['foo 0x1p-3\n', 'unsupported character in float while parsing: "foo 0x1p-3"'],
    ['foo 0 1_2\n', 'expected next entry after timestamp, got "_" ("INVALID") while parsing: "foo 0 1_"'],
    ['{a="ok"} 1', 'metric name not set while parsing: "{a=\\"ok\\"}'],
    ['# TYPE #\n#EOF\n', 'expected metric name after TYPE, got "#" ("INVALID") while parsing: "# TYPE #"'],
    ['# TYPE a strange\n', 'invalid metric type "strange"'],
    ['a 1e999', 'strconv.ParseFloat: parsing "1e999": value out of range while parsing: "a 1e999"'],
    ['a{b="1",b="2"} 1', 'label name "b" is not unique: invalid sample'],
    ['<html>', 'expected a valid start token, got "<" ("INVALID") while parsing: "<"'],
    ['something_weird{problem="', 'expected label value, got "\\"\\n" ("INVALID") while parsing: "something_weird{problem=\\"\\n"'],
  ])('%j is refused', (text, want) => expect(fault(text)).toContain(want)) // prettier-ignore
  test('bytes that are no UTF-8', () => {
    const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
    expect(fault(bytes('a{b="\xff"} 1'))).toBe('invalid UTF-8 label value: "\\"\\xff\\""')
    expect(fault(bytes('a{\xff="foo"} 1'))).toBe(
      'expected label name, got "\\xff" ("INVALID") while parsing: "a{\\xff"',
    )
    expect(fault(bytes('# HELP a \xff\n'))).toContain('is not a valid utf8 string')
  })
  test('the error knows its line', () => {
    try {
      read('a 1\nb 2\nc{ 3\n')
    } catch (error) {
      expect((error as ExpositionError).line).toBe(3)
    }
  })
})

describe('OpenMetrics', () => {
  test('all entries', () => {
    const text = [
      '# HELP foo_seconds A \\"timer\\".', '# TYPE foo_seconds counter', '# UNIT foo_seconds seconds',
      'foo_seconds_total{a="b"} 17.0 1520879607.789 # {trace_id="x\\"y"} 0.5 1520879607.7',
      'foo_seconds_total 1 # {} 0.25', 'foo_seconds_created 1520872607.123', '# TYPE b histogram', 'b_bucket{le="1"} 3', '# EOF', '',
    ].join('\n') // prettier-ignore
    expect(read(text, 'openmetrics')).toEqual([
      'foo_seconds {"help":"A \\"timer\\"."}',
      'foo_seconds {"type":"counter"}',
      'foo_seconds {"unit":"seconds"}',
      '{__name__="foo_seconds_total", a="b"} 17 @1520879607789 # {trace_id="x\\\\\\"y"} 0.5 1520879607700',
      '{__name__="foo_seconds_total"} 1 # {} 0.25 undefined',
      '{__name__="foo_seconds_created"} 1520872607.123',
      'b {"type":"histogram"}',
      '{__name__="b_bucket", le="1.0"} 3',
    ])
  })
  test.each([
    ['', 'data does not end with # EOF'],
    ['a 1\n', 'data does not end with # EOF'],
    ['# EOF\na 1', 'unexpected data after # EOF'],
    ['\n# EOF\n', 'expected a valid start token, got "\\n" ("INVALID") while parsing: "\\n"'],
    ['# UNIT a seconds\n# EOF', 'unit "seconds" not a suffix of metric "a"'],
    ['a  1\n# EOF', 'expected value after metric, got " " ("INVALID") while parsing: "a "'],
    ['a{b="c" d="e"} 1\n# EOF', 'expected comma or brace close, got'],
    ['a 1 NaN\n# EOF', 'invalid timestamp NaN'],
    ['a 1 # {a="b"}\n# EOF', 'expected value after exemplar labels, got "\\n" ("INVALID")'],
    ['# TYPE a\n# EOF', 'expected text in TYPE'],
  ])('%j is refused', (text, want) => expect(fault(text, 'openmetrics')).toContain(want))
})

describe('hostile bodies end in an ExpositionError', () => {
  const alphabet = fc.constantFrom('a', '{', '}', '"', '=', ',', ' ', '\n', '#', '\\', '1', '.', 'e', '# EOF\n', '# TYPE a counter\n', 'le', 'é', '\0') // prettier-ignore
  test.each(['text', 'openmetrics'] as const)('%s', (format) => {
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 40 }), (parts) => {
        fault(parts.join(''), format)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void fault(bytes, format)),
      { numRuns: 500 },
    )
  })
  test('protobuf', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void fault(bytes, 'protobuf')),
      { numRuns: 2000 },
    )
  })
  test('the parser makes progress on every entry', () => {
    const parser = createTextParser('text')
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 40 }), (parts) => {
        const bytes = new TextEncoder().encode(`${parts.join('')}\0`)
        parser.reset(bytes, bytes.length - 1)
        let last = -1
        try {
          while (parser.next() !== 'end') {
            expect(parser.position).toBeGreaterThan(last)
            last = parser.position
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ExpositionError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
