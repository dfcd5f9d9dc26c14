import { Labels, type InstantVector } from '@promontory/model'
import { expect, test } from 'vitest'
import { ALERT_TEMPLATE_DEFINITIONS, alertTemplateData, expandPrometheus } from './prometheus.ts'

// Expected texts were taken from `promtool test rules` 3.5.3.
const api = Labels.from({ job: 'api', instance: 'h.example:9090' })
const vector = (...samples: [Record<string, string>, number][]): InstantVector => ({
  samples: samples.map(([labels, value]) => ({ labels: Labels.from(labels), value })),
  warnings: [],
  infos: [],
})

async function answer(expr: string): Promise<InstantVector> {
  if (expr === 'up') return vector([{ job: 'api' }, 1], [{ job: 'b' }, 0])
  if (expr === 'sum(up)') return vector([{}, 1])
  if (expr === 'up{') throw new Error('1:4: parse error: unexpected end of input inside braces')
  return vector()
}

function expand(text: string): Promise<string> {
  return expandPrometheus({
    name: '__alert_A',
    text: ALERT_TEMPLATE_DEFINITIONS + text,
    data: alertTemplateData({
      labels: api,
      externalLabels: Labels.EMPTY,
      externalUrl: 'http://ex.org/pre',
      value: 1,
    }),
    timeMs: 60_000,
    externalUrl: 'http://ex.org/pre',
    query: answer,
  })
}

test.each([
  ['plain', 'plain'],
  ['{{ $labels.instance }} {{ $value }}', 'h.example:9090 1'],
  ['{{ .Labels.nope }}|{{ .Value }}', '|1'],
  ['{{ printf "%.2f %5d %-5s| %q %x %v %T" $value 42 "ab" "x\\"y" "hi" true $value }}', '1.00    42 ab   | "x\\"y" 6869 true float64'],
  ['{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ else }}none{{ end }}', 'instance=h.example:9090;job=api;'],
  ['{{ if eq $labels.job "a" "api" }}yes{{ else if gt $value 3.0 }}gt{{ else }}no{{ end }}', 'yes'],
  ['{{ len $labels }} {{ index $labels "job" }} {{ "a" | printf "%s-%s" "b" }}', '2 api b-a'],
  ['{{ define "x" }}[{{ . }}]{{ end }}{{ template "x" "y" }}', '[y]'],
  ['{{ range 3 }}{{ . }}{{ end }}', '012'],
  ['{{- " x " -}}  y', ' x y'],
  ['a  {{- "b" -}}  c', 'abc'],
  ['{{/* c */}}d', 'd'],
  ['{{ 1.0 }} {{ 1e6 }} {{ 0x10 }} {{ 1_000 }} {{ \'a\' }} {{ 123456789.0 }} {{ 0.00001 }}', '1 1e+06 16 1000 97 1.23456789e+08 1e-05'],
  ['{{ humanizeDuration 3661.5 }} {{ humanizeDuration 0.0123 }} {{ humanizeDuration 12.3456 }}', '1h 1m 1s 12.3ms 12.35s'],
  ['{{ humanize1024 1048576.0 }} {{ humanizePercentage 0.1234 }} {{ humanizeTimestamp 1435065584.128 }}', '1Mi 12.34% 2015-06-23 13:19:44.128 +0000 UTC'],
  ['{{humanize 0.0}} {{humanize -1234567.0}} {{ humanizeDuration -90061.0 }} {{ humanize "12345" }}', '0 -1.235M -1d 1h 1m 1s 12.35k'],
  ['{{ query "up" | first | value }} {{ with query "up" }}{{ . | first | label "job" }}{{ end }}', '1 api'],
  ['{{ range query "sum(up)" }}{{ . }}{{ end }}', '{map[] 1}'],
  ['{{ query "up" | sortByLabel "job" | len }}', '2'],
  ['{{ toUpper "abc" }} {{ title "hello wOrld it\'s" }} {{ stripPort "h:9" }} {{ stripDomain "a.b.c:9" }}', "ABC Hello WOrld It's h a:9"],
  ['{{ match "a.c" "xabcx" }} {{ reReplaceAll "(a)(b)" "$2${1}x" "abab" }}', 'true baxbax'],
  ['{{ parseDuration "1h30m" }} {{ (toTime 1435065584.128).Format "2006-01-02T15:04:05Z07:00" }} {{ now }}', '5400 2015-06-23T13:19:44Z 60'],
  ['{{ pathPrefix }} {{ externalURL }} {{ urlQueryEscape "a b&c=d/é" }}', '/pre http://ex.org/pre a+b%26c%3Dd%2F%C3%A9'],
  ['{{ graphLink "up == 1" }} {{ tableLink "up" }}', '/graph?g0.expr=up+%3D%3D+1&g0.tab=0 /graph?g0.expr=up&g0.tab=1'],
  ['{{ args 1 "b" }} {{ (args 1 "b").arg1 }}', 'map[arg0:1 arg1:b] b'],
  ['{{ safeHtml "<b>" }} {{ html "<a href=\'x\'>" }} {{ js "it\'s <b>" }} {{ urlquery "a b/c" }}', "<b> &lt;a href=&#39;x&#39;&gt; it\\'s \\u003Cb\\u003E a+b%2Fc"],
  ['{{ and true "" }}|{{ or "" "x" }}|{{ not 0 }}', '|x|true'],
  ['{{ lt "a" "b" }} {{ ne 1 2 }} {{ le 1.5 1.5 }} {{ ge 2 3 }} {{ slice "abcdef" 1 3 }}', 'true true true false bc'],
  ['{{ printf "%d" $value }} {{ printf "%s" 3 }} {{ printf "%d %d" 1 }} {{ printf "%d" 1 2 }} {{ printf "%z" 3 }}', '%!d(float64=1) %!s(int=3) 1 %!d(MISSING) 1%!(EXTRA int=2) %!z(int=3)'],
  ['{{ printf "%.0f %.0f %.0f %.0f" 0.5 1.5 2.5 3.5 }} {{ printf "%.2f" 1.005 }}', '0 2 2 4 1.00'],
  ['{{ printf "%e %g %G" 123456.789 1e-7 1e21 }} {{ printf "%08.3f|%+d|% d|%x|%o|%b|%c|%U" 3.14159 5 5 255 8 5 65 65 }}', '1.234568e+05 1e-07 1E+21 0003.142|+5| 5|ff|10|101|A|U+0041'],
  ['{{ printf "%[2]s %[1]s" "a" "b" }} {{ printf "%*d" 5 42 }} {{ print 1 2 "a" "b" 3 }}', 'b a    42 1 2ab3'],
  ['{{ $x := 1 }}{{ $x = 2 }}{{ $x }}', '2'],
  ['{{ range $i, $e := query "up" }}{{ $i }}:{{ $e.Labels.job }}{{ break }}{{ end }}', '0:api'],
  ['{{ range $labels }}{{ if eq . "api" }}{{ continue }}{{ end }}{{ . }};{{ end }}', 'h.example:9090;'],
  ['{{ block "b" . }}B{{ .Value }}{{ end }}{{ with $x := 5 }}{{ $x }}{{ end }}', 'B15'],
  ['{{ printf "%#v %v" $labels $labels }}', 'map[string]string{"instance":"h.example:9090", "job":"api"} map[instance:h.example:9090 job:api]'],
])('%s', async (text, want) => {
  expect(await expand(text)).toBe(want)
}) // prettier-ignore

test.each([
  ['{{ nope }}', '1: function "nope" not defined'],
  ['{{ $nope }}', '1: undefined variable "$nope"'],
  ['{{ "a" }', '1: unexpected "}" in operand'],
  ['a {{ if }}b{{ end }}', '1: missing value for if'],
  ['{{ if true }}', '1: unexpected EOF'],
  ['{{ end }}', '1: unexpected {{end}}'],
  ['{{ break }}', '1: {{break}} outside {{range}}'],
  ['{{ 1 | 2 }}', '1: non executable command in pipeline stage 2'],
  ['{{ "unterminated }}', '1: unterminated quoted string'],
  ['{{ "x".y }}', '1: unexpected . after term "\\"x\\""'],
  ['line1\nline2 {{ foo }}', '2: function "foo" not defined'],
  ['{{ if true }}a{{ else }}b{{ else }}c{{ end }}', '1: expected end; found {{else}}'],
  ['{{ $a, $b := 1 }}', '1: too many declarations in command'],
  ['{{ | len }}', '1: unexpected "|" in command'],
  ['{{ (1 }}', '1: unclosed left paren'],
  ['{{ 1) }}', '1: unexpected right paren'],
  ['{{ "\\z" }}', '1: invalid syntax'],
  ['{{ 3x }}', '1: bad number syntax: "3x"'],
  ['{{ .Labels.a-b }}', "1: bad character U+002D '-'"],
  ['{{ template x }}', '1: unexpected "x" in template clause'],
])('does not parse: %s', async (text, want) => {
  await expect(expand(text)).rejects.toThrow(
    `error parsing template __alert_A: template: __alert_A:${want}`,
  )
}) // prettier-ignore

const TYPE =
  'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }'
test.each([
  ['{{ if gt $value 3 }}a{{ end }}', '1:118', 'gt $value 3', 'error calling gt: incompatible types for comparison: float64 and int'],
  ['{{ .Foo }}', '1:115', '.Foo', `can't evaluate field Foo in type ${TYPE}`],
  ['l1\n  é{{ .Foo }}', '2:7', '.Foo', `can't evaluate field Foo in type ${TYPE}`],
  ['{{ .Labels.job.foo }}', '1:122', '.Labels.job.foo', "can't evaluate field foo in type string"],
  ['{{ (index $labels "job").foo }}', '1:130', '"job"', "can't evaluate field foo in type string"],
  ['{{ query "nonexist" | first | value }}', '1:134', 'first', 'error calling first: first() called on vector with no elements'],
  ['{{ query "up{" }}', '1:115', 'query "up{"', 'error calling query: 1:4: parse error: unexpected end of input inside braces'],
  ['{{ reReplaceAll "(" "" "x" }}', '1:115', 'reReplaceAll "(" "" "x"', 'error calling reReplaceAll: regexp: Compile(`(`): error parsing regexp: missing closing ): `(`'],
  ['{{ eq "a" }}', '1:115', 'eq "a"', 'error calling eq: missing argument for comparison'],
  ['{{ index $labels 3 }}', '1:115', 'index $labels 3', 'error calling index: value has type int; should be string'],
  ['{{ index "abc" 7 }}', '1:115', 'index "abc" 7', 'error calling index: index out of range: 7'],
  ['{{ template "zzz" }}', '1:124', '{{template "zzz"}}', 'template "zzz" not defined'],
  ['{{ . | toUpper }}', '1:119', 'toUpper', `wrong type for value; expected string; got ${TYPE}`],
  ['{{ toUpper 3 }}', '1:123', '3', 'expected string; found 3'],
  ['{{ toUpper }}', '1:115', 'toUpper', 'wrong number of args for toUpper: want 1 got 0'],
  ['{{ humanize "x" }}', '1:115', 'humanize "x"', 'error calling humanize: strconv.ParseFloat: parsing "x": invalid syntax'],
  ['{{ $labels.job "x" }}', '1:122', '$labels.job', 'job is not a method but has arguments'],
  ['{{ first 3 }}', '1:121', '3', "can't handle 3 for arg of type template.queryResult"],
  ['{{ len 3 }}', '1:115', 'len 3', 'error calling len: len of type int'],
  ['{{ call 3 }}', '1:115', 'call 3', 'error calling call: non-function 3 of type int'],
])('fails: %s', async (text, at, node, want) => {
  await expect(expand(text)).rejects.toThrow(
    `error executing template __alert_A: template: __alert_A:${at}: executing "__alert_A" at <${node}>: ${want}`,
  )
}) // prettier-ignore

test('more different queries than the bound are an error, not a hang', async () => {
  await expect(expand('{{ range $i := 200 }}{{ query (printf "x%d" $i) }}{{ end }}')).rejects.toThrow(
    'more than 100 different queries',
  )
})
