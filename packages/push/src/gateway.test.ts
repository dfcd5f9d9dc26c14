import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FakeClock, Registry, silentLogger } from '@promontory/base'
import {
  AppendBatch,
  type Appender,
  type AppendOutcome,
  AppendStatus,
  isStaleAt,
  type Labels,
} from '@promontory/model'
import { PushCollector } from './collector.ts'
import { Gateway, type GatewayAnswer, type GatewayRequest } from './gateway.ts'
import { GroupStore } from './group-store.ts'
import { decodeGroups, encodeGroups } from './state-file.ts'

const NOW = 1_700_000_000_500

function gateway(ttlMs = 0): {
  store: GroupStore
  clock: FakeClock
  ask: (
    method: string,
    path: string,
    body?: string | Buffer,
    more?: Partial<GatewayRequest>,
  ) => GatewayAnswer | undefined
  shown: () => string[]
} {
  const clock = new FakeClock(NOW)
  const store = new GroupStore({ nowMs: () => clock.nowMs(), ttlMs })
  const target = new Gateway({
    store,
    registry: new Registry(),
    version: '1',
    enableAdminApi: true,
    flags: {},
    startedMs: NOW,
  })
  const ask: ReturnType<typeof gateway>['ask'] = (method, path, body = '', more = {}) =>
    target.answer({ method, path, body: Buffer.from(body), ...more })
  const shown = (): string[] =>
    ask('GET', '/metrics')!
      .text.split('\n')
      .filter((line) => line !== '' && !/^(# \w+ )?(push_|pushgateway_)/.test(line))
  return { store, clock, ask, shown }
}

describe('pushing', () => {
  test('labels of the group win, instance is there in any case, bounds stay as they were', () => {
    const { ask, shown } = gateway()
    const body =
      '# TYPE h histogram\n# HELP h took\nh_bucket{le="1",job="x"} 1\nh_bucket{le="+Inf",job="x"} 2\nh_sum{job="x"} 3\nh_count{job="x"} 2\nfree 4\n'
    expect(ask('POST', '/metrics/job/j1/zone/z', body)).toEqual({
      status: 200,
      type: 'text/plain; charset=utf-8',
      text: '',
    })
    expect(shown()).toEqual([
      '# TYPE free untyped',
      'free{instance="",job="j1",zone="z"} 4',
      '# HELP h took',
      '# TYPE h histogram',
      'h_bucket{instance="",job="j1",zone="z",le="1"} 1',
      'h_bucket{instance="",job="j1",zone="z",le="+Inf"} 2',
      'h_sum{instance="",job="j1",zone="z"} 3',
      'h_count{instance="",job="j1",zone="z"} 2',
    ])
  })

  test('POST replaces families of the same name, PUT all of the group, DELETE the group', () => {
    const { ask, shown } = gateway()
    ask('POST', '/metrics/job/j', 'a 1\nb 1\n')
    ask('POST', '/metrics/job/j', 'a{x="1"} 2\n')
    expect(shown().filter((line) => !line.startsWith('#'))).toEqual([
      'a{instance="",job="j",x="1"} 2',
      'b{instance="",job="j"} 1',
    ])
    ask('PUT', '/metrics/job/j', 'c 1\n')
    expect(shown().filter((line) => !line.startsWith('#'))).toEqual(['c{instance="",job="j"} 1'])
    expect(ask('DELETE', '/metrics/job/j')).toMatchObject({ status: 202 })
    expect(shown()).toEqual([])
  })

  test.each([
    ['/metrics/job/', '', 'job name is required'],
    ['/metrics/job/x/y', '', 'odd number of components in label string "/y"'],
    ['/metrics/job/x/0bad/y', '', 'improper label name "0bad"'],
    ['/metrics/job@base64/L%21E', '', 'illegal base64 data at input byte 1'],
    ['/metrics/job/x', 'a 1', 'unexpected end of input stream'],
    ['/metrics/job/x', 'a 1\nb c\n', 'line 2'],
    ['/metrics/job/x', 'a 1 123\n', 'pushed metrics must not have timestamps'],
    [
      '/metrics/job/x',
      'a{b="1"} 1\na{b="1"} 2\n',
      'was collected before with the same name and label values',
    ],
  ])('PUT %s with %j is refused', (path, body, text) => {
    const answer = gateway().ask('PUT', path, body)
    expect(answer).toMatchObject({ status: 400 })
    expect(answer!.text).toContain(text)
  })

  test('a contradiction to another group changes nothing but the time of the failure', () => {
    const { ask, shown, store } = gateway()
    ask('PUT', '/metrics/job/a', '# TYPE m counter\nm 1\n')
    ask('PUT', '/metrics/job/b', 'other 1\n')
    expect(ask('PUT', '/metrics/job/b', '# TYPE m gauge\nm 1\n')!.text).toContain('is not a COUNTER')
    expect(shown()).toContain('other{instance="",job="b"} 1')
    expect(store.groups()[1]).toMatchObject({ pushTimeMs: NOW, failureTimeMs: NOW })
  })

  test('values in base64, empty ones too', () => {
    const { ask, store } = gateway()
    ask('PUT', `/metrics/job@base64/${Buffer.from('a/ü').toString('base64url')}/p@base64/=`, '')
    expect(store.groups()[0]!.labels).toEqual([
      ['job', 'a/ü'],
      ['p', ''],
    ])
  })

  test('a time to live of the server or of one push', async () => {
    const { ask, store, clock } = gateway(60_000)
    ask('PUT', '/metrics/job/short', 'a 1\n')
    ask('PUT', '/metrics/job/long', 'a 1\n', { query: new URLSearchParams('ttl=1h') })
    await clock.advance(61_000)
    expect(store.groups().map(({ labels }) => labels[0]![1])).toEqual(['long'])
  })

  test('gzip is taken, a bomb is not', () => {
    const { ask, shown } = gateway()
    expect(ask('PUT', '/metrics/job/z', gzipSync('a 1\n'), { contentEncoding: 'gzip' })).toMatchObject({
      status: 200,
    })
    expect(shown()).toContain('a{instance="",job="z"} 1')
    const bomb = gzipSync(Buffer.alloc(70 * 1024 * 1024))
    expect(ask('PUT', '/metrics/job/z', bomb, { contentEncoding: 'gzip' })).toMatchObject({ status: 413 })
  })

  test('groups survive as text', () => {
    const { ask, store } = gateway()
    ask('PUT', '/metrics/job/j', '# TYPE s summary\ns{quantile="0.5"} NaN\ns_sum +Inf\ns_count 2\n')
    const again = decodeGroups(encodeGroups(store.groups()))
    expect(again).toEqual(store.groups())
  })

  test('any path, type and body get an answer', () => {
    const { ask } = gateway()
    const type = fc.constantFrom(
      '',
      'text/plain',
      'application/vnd.google.protobuf',
      'application/openmetrics-text',
    )
    fc.assert(
      fc.property(
        fc.string(),
        type,
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('', 'gzip', 'snappy'),
        (path, contentType, body, contentEncoding) => {
          const answer = ask('PUT', `/metrics/job/a${path}`, Buffer.from(body), {
            contentType,
            contentEncoding,
          })
          expect([200, 400, 413, undefined]).toContain(answer?.status)
        },
      ),
      { numRuns: 400 },
    )
  })
})

test('what was pushed is stored every round, and a stale marker where it went', () => {
  const { ask, store, clock } = gateway()
  const refs: Labels[] = []
  const rounds: string[][] = []
  const appender: Appender = {
    seriesRef: (labels) => refs.push(labels) - 1,
    append: (batch: AppendBatch): AppendOutcome => {
      rounds.push(
        Array.from(
          { length: batch.count },
          (_, i) =>
            `${refs[batch.refs[i]!]!.toString()} ${isStaleAt(batch.bits, i) ? 'stale' : batch.values[i]}`,
        ),
      )
      return {
        appended: batch.count,
        statuses: new Uint8Array(batch.count).fill(AppendStatus.appended),
        histogramStatuses: [],
      }
    },
  }
  let isScraped = false
  const collector = new PushCollector({
    store,
    appender,
    clock,
    logger: silentLogger,
    intervalMs: () => 1000,
    isScraped: () => isScraped,
  })
  ask('PUT', '/metrics/job/j', '# TYPE h histogram\nh_bucket{le="1"} 7\nh_count 7\n')
  collector.collect()
  expect(rounds.pop()).toEqual([
    '{__name__="h_bucket", job="j", le="1.0"} 7',
    '{__name__="h_count", job="j"} 7',
    '{__name__="push_failure_time_seconds", job="j"} 0',
    `{__name__="push_time_seconds", job="j"} ${NOW / 1000}`,
  ])
  ask('PUT', '/metrics/job/j', '')
  collector.collect()
  expect(rounds.pop()!.filter((line) => line.endsWith('stale'))).toHaveLength(2)
  isScraped = true
  collector.collect()
  expect(rounds).toEqual([])
})
