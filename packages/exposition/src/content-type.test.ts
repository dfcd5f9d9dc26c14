import { expect, test } from 'vitest'
import { acceptHeader, chooseFormat } from './content-type.ts'

test.each([
  ['text/plain; version=0.0.4; charset=utf-8', 'text'],
  ['Text/Plain', 'text'],
  ['application/openmetrics-text;version=1.0.0', 'openmetrics'],
  [
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
    'protobuf',
  ],
])('%s', (header, want) => expect(chooseFormat(header)).toEqual({ format: want }))

test.each([
  [
    '',
    'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target',
  ],
  [
    'text/html',
    'received unsupported Content-Type "text/html" and no fallback_scrape_protocol specified for target',
  ],
  ['toString', 'cannot parse Content-Type "toString" and no fallback_scrape_protocol specified for target'],
])('%j is refused without a fallback, taken with one', (header, want) => {
  expect(() => chooseFormat(header)).toThrow(want)
  expect(chooseFormat(header, 'OpenMetricsText1.0.0').format).toBe('openmetrics')
})

test('Accept lists protocols by weight', () => {
  expect(acceptHeader(['OpenMetricsText1.0.0', 'PrometheusText0.0.4'], 'allow-utf-8')).toBe(
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4',
  )
})
