import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { alertmanagerFunctions } from './functions/alertmanager.ts'
import { GoTime } from './exec/time.ts'
import { GoSlice, GoStruct, SafeString, stringMap, type Value } from './exec/value.ts'
import { TemplateError, TemplateLimitError } from './errors.ts'
import { TemplateSet } from './template-set.ts'

const NOW_MS = Date.UTC(2024, 0, 2, 3, 4, 5)

function run(text: string, data: Value = null, html = false): string {
  const set = new TemplateSet({ functions: alertmanagerFunctions(() => NOW_MS), html })
  set.parse('t', text)
  return set.execute('t', data)
}

test.each([
  ['{{ title "hELLO wORLD" }} {{ trimSpace " a " }} {{ stringSlice "a" "b" | join ", " }}', 'Hello World a a, b'],
  ['{{ now | date "2006-01-02 15:04:05 MST Mon Jan _2 3:04PM" }}', '2024-01-02 03:04:05 UTC Tue Jan  2 3:04AM'],
  ['{{ (now | tz "Europe/Paris").Format "15:04 -07:00 MST" }}', '04:04 +01:00 CET'],
  ['{{ (tz "America/New_York" now).Format "02 Jan 06 15:04 MST" }}', '01 Jan 24 22:04 EST'],
  ['{{ (toDate "2006-01-02" "2024-03-09").Unix }} {{ (toDate "2006" "x").IsZero }}', '1709942400 true'],
  ['{{ since (toDate "2006-01-02T15:04:05Z07:00" "2024-01-02T02:04:05Z") }}', '1h0m0s'],
  ['{{ dict "a" 1 "b" (list 1 "x") | toJson }}', '{"a":1,"b":[1,"x"]}'],
  ['{{ base64encode "hi there?>" }} {{ base64decode "aGk=" }} {{ urlUnescape "a%20b+c" }}', 'aGkgdGhlcmU_Pg== hi a b c'],
  ['{{ append (list 1) 2 | len }} {{ toJson "<a>&" }}', '2 "\\u003ca\\u003e\\u0026"'],
  ['{{ if and (eq 1 1) (not false) }}y{{ end }}{{ with "" }}{{ else with "b" }}{{ . }}{{ end }}', 'yb'],
  ['{{ nil | print }}', ''],
])('%s', (text, want) => {
  if (text.startsWith('{{ nil')) expect(() => run(text)).toThrow('nil is not a command')
  else expect(run(text)).toBe(want)
}) // prettier-ignore

test('values of maps, structs, slices and times', () => {
  const data = new GoStruct('*template.Data', {
    KV: stringMap([['b', '2'], ['a', '1']]),
    Names: new GoSlice(['x', 'y'], '[]string'),
    At: GoTime.fromMs(NOW_MS),
  }) // prettier-ignore
  expect(
    run('{{ .KV }} {{ .Names }} {{ .At }} {{ index .Names 1 }} {{ .At.Year }} {{ .At.Month }}', data),
  ).toBe('map[a:1 b:2] [x y] 2024-01-02 03:04:05 +0000 UTC y 2024 January')
  expect(run('{{ .Missing }}', null)).toBe('<no value>')
})

test.each([
  ['<b>{{ . }}</b>', '<i>', '<b>&lt;i&gt;</b>'],
  ['<a href="{{ . }}">', 'javascript:alert(1)', '<a href="#ZgotmplZ">'],
  ['<a href="{{ . }}">', 'http://x/?a=b&c="d"', '<a href="http://x/?a=b&amp;c=%22d%22">'],
  ['<a href="/s?q={{ . }}">', 'a b&c', '<a href="/s?q=a%20b%26c">'],
  ['<a title={{ . }}>', 'a b', '<a title=a&#32;b>'],
  ['<a title="{{ . }}">', `"x" 'y'`, '<a title="&#34;x&#34; &#39;y&#39;">'],
  ['<script>var x = {{ . }};</script>', 'a</script>', '<script>var x = "a\\u003c/script\\u003e";</script>'],
  ['<script>var x = "{{ . }}";</script>', 'a"b</', '<script>var x = "a\\u0022b\\u003c\\/";</script>'],
  ['<button onclick="f({{ . }})">', 'a"b', '<button onclick="f(&#34;a\\&#34;b&#34;)">'],
  ['<p style="color: {{ . }}">', 'red', '<p style="color: red">'],
  ['<p style="color: {{ . }}">', 'expression(1)', '<p style="color: ZgotmplZ">'],
  ['a<!-- {{ . }} -->b', 'x', 'ab'],
  ['<textarea>{{ . }}</textarea><b>{{ . }}', '<', '<textarea>&lt;</textarea><b>&lt;'],
  ['<p>{{ . | html }}</p>', '<', '<p>&lt;</p>'],
])('html/template escapes by context: %s', (text, value, want) => {
  expect(run(text, value, true)).toBe(want)
}) // prettier-ignore

test('trusted HTML passes in text and loses its tags in attributes', () => {
  expect(run('<p title="{{ . }}">{{ . }}</p>', new SafeString('HTML', '<b>x</b>'), true)).toBe(
    '<p title="x"><b>x</b></p>',
  )
})

test('endless output, endless work and endless recursion end in an error', () => {
  expect(() => run('{{ range 100000000 }}0123456789{{ end }}')).toThrow(TemplateLimitError)
  expect(() => run('{{ range 100000000 }}{{ end }}')).toThrow('more than 1000000 steps')
  expect(() => run('{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}')).toThrow(
    'exceeded maximum template depth',
  )
  expect(() => run('{{ printf "%9999999d" 1 | len }}')).not.toThrow()
  expect(() => run('{{ $x := "ab" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}')).toThrow(
    TemplateLimitError,
  )
  expect(() => run(`${'('.repeat(5000)}`)).not.toThrow()
  expect(() => run(`{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`)).toThrow('nesting deeper than 200')
})

test('later definitions win, empty ones do not; a clone is apart', () => {
  const set = new TemplateSet()
  set.parse('a', '{{ define "x" }}1{{ end }}')
  const clone = set.clone()
  set.parse('b', '{{ define "x" }}2{{ end }}{{ define "y" }}{{ end }}')
  set.parse('c', '{{ define "x" }}  {{ end }}{{ template "x" }}')
  expect(set.execute('c', null)).toBe('2')
  expect(clone.execute('x', null)).toBe('1')
  expect(() => set.execute('none', null)).toThrow('no template "none"')
})

test('any text either parses and runs or gives a TemplateError', () => {
  const piece = fc.oneof(
    fc.constantFrom('{{', '}}', '{{-', '-}}', ' ', '.', '.A', '$x', ':=', '|', '(', ')', '"s"', '`r`', 'if', 'range', 'end', 'else', 'with', 'define', 'template', 'len', 'printf', 'eq', '1', '1.5', "'c'", 'nil', 'true', '/*', '*/', '\n', ','),
    fc.string({ maxLength: 4 }),
  ) // prettier-ignore
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
      for (const html of [false, true])
        try {
          run(pieces.join(''), new GoSlice(['a', 1n, 2.5]), html)
        } catch (error) {
          if (!(error instanceof TemplateError)) throw error
        }
    }),
    { numRuns: 400 },
  )
})
