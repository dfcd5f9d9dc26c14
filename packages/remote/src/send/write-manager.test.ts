import { createServer, type Server } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { Registry, silentLogger, systemClock } from '@promontory/base'
import { DEFAULT_HTTP_CLIENT } from '@promontory/http-client'
import { Labels } from '@promontory/model'
import { decodeWriteRequest, uncompressSnappy } from '@promontory/wire'
import type { LogPosition, LogSink, SampleLogs } from './sample-log.ts'
import { ShardCalculator } from './shard-calculator.ts'
import { RemoteWriteManager } from './write-manager.ts'
import type { RemoteWriteSettings } from './write-queue-options.ts'

type Answer = { status: number; headers?: Record<string, string> }

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** A receiver that keeps samples and answers as told. */
async function receiver(answer: (request: number) => Answer): Promise<{ url: string; samples: string[] }> {
  const samples: string[] = []
  let requests = 0
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { status, headers = {} } = answer(requests++)
      if (status === 204) {
        let name = ''
        decodeWriteRequest(uncompressSnappy(Buffer.concat(parts), 2 ** 20), {
          series: (_key, labels) => (name = labels().join(' ')),
          sample: (timeMs) => samples.push(`${name} ${timeMs}`),
          exemplar: () => {},
          histogram: () => {},
          metadata: () => {},
        })
      }
      response.writeHead(status, headers).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise((resolve) => (server.closeAllConnections(), server.close(() => resolve()))))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, samples }
}

const SEGMENT = 100

/** A log in memory: one record per sample of series 1 and 2, a hundred of them a segment of as many bytes. */
function logs(times: number[]): SampleLogs {
  const place = (offset: number): LogPosition => ({ segment: Math.floor(offset / SEGMENT), offset })
  return {
    end: () => ({ segment: 0, offset: 0 }),
    segments: () =>
      Array.from({ length: Math.ceil(times.length / SEGMENT) }, (_, segment) => ({
        segment,
        bytes: SEGMENT,
      })),
    open: async (from: LogPosition, sink: LogSink) => {
      sink.series(1, Labels.from({ __name__: 'a' }))
      sink.series(2, Labels.from({ __name__: 'drop_me' }))
      let offset = from.offset
      return {
        get position() {
          return place(offset)
        },
        read: (target) => {
          const timeMs = times[offset]
          if (timeMs === undefined) return false
          offset++
          target.sample(1, timeMs, 0, 0)
          target.sample(2, timeMs, 0, 0)
          return true
        },
        close: () => {},
      }
    },
  }
}

function settings(url: string, more: Partial<RemoteWriteSettings['queue_config']> = {}): RemoteWriteSettings {
  return {
    ...DEFAULT_HTTP_CLIENT,
    url,
    name: 'test',
    remote_timeout: 2000,
    headers: {},
    protobuf_message: 'prometheus.WriteRequest',
    sigv4: undefined,
    write_relabel_configs: [
      { source_labels: ['__name__'], separator: ';', regex: undefined, modulus: 0, target_label: 'copy', replacement: 'x', action: 'replace' },
    ],
    send_exemplars: false,
    send_native_histograms: false,
    failed_request_logging: false,
    queue_config: {
      capacity: 10, max_shards: 3, min_shards: 1, max_samples_per_send: 4, batch_send_deadline: 10, min_backoff: 1, max_backoff: 5,
      retry_on_http_429: true, sample_age_limit: 0, ...more,
    },
    metadata_config: { send: false, send_interval: 60_000, max_samples_per_send: 100 },
  } // prettier-ignore
}

function manager(times: number[], directory: string, registry = new Registry()): RemoteWriteManager {
  const made = new RemoteWriteManager({
    logs: logs(times),
    metadata: () => [],
    taken: () => ({ samples: 2 * times.length, histograms: 0, exemplars: 0, highestMs: times.at(-1)! }),
    directory,
    clock: systemClock,
    logger: silentLogger,
    registry,
    userAgent: 'test',
    flushDeadlineMs: 1000,
    logBytesMax: 250,
  })
  cleanups.push(() => made.stop())
  return made
}

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-remote-'))
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function reached(done: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(done()).toBe(true)
}

const TIMES = Array.from({ length: 50 }, (_, i) => 1000 + i)

test('everything arrives once and in order, although the receiver fails and limits', async () => {
  const target = await receiver((i) => (i % 3 === 0 ? { status: 500 } : i % 3 === 1 ? { status: 429, headers: { 'retry-after': '0' } } : { status: 204 })) // prettier-ignore
  const registry = new Registry()
  const sender = manager(TIMES, scratch(), registry)
  await sender.apply([settings(target.url)], Labels.from({ region: 'eu' }))
  await reached(() => target.samples.length === 100)
  const ofSeries = target.samples.filter((line) => line.includes(' a '))
  expect(ofSeries).toEqual(TIMES.map((time) => `__name__ a copy x region eu ${time}`))
  await reached(() => sender.needsFrom()!.offset === 50)
  expect(sender.states()[0]).toMatchObject({ name: 'test', sent: 100, failed: 0, lagSeconds: 0 })
  const of = (name: string): number | undefined =>
    registry.collect().find((family) => family.name === `prometheus_remote_storage_${name}`)?.samples[0]
      ?.value
  expect([
    of('samples_in_total'),
    of('highest_timestamp_in_seconds'),
    of('queue_highest_sent_timestamp_seconds'),
  ]).toEqual([100, 1.049, 1.049])
})

test('a restart goes on where the receiver had acknowledged', async () => {
  const directory = scratch()
  let isUp = true
  const target = await receiver(() => ({ status: isUp ? 204 : 503 }))
  const first = manager(TIMES, directory)
  await first.apply([settings(target.url)], Labels.EMPTY)
  await reached(() => first.needsFrom()!.offset === 50)
  await first.stop()
  isUp = false
  const more = [...TIMES, 2000, 2001]
  const second = manager(more, directory)
  await second.apply([settings(target.url)], Labels.EMPTY)
  await reached(() => second.states()[0]!.retried > 0)
  await second.stop()
  isUp = true
  const third = manager(more, directory)
  await third.apply([settings(target.url)], Labels.EMPTY)
  // A request that was cut off by the stop may still have arrived: twice is allowed, missing is not.
  await reached(() => new Set(target.samples).size === 104)
})

test('what the receiver refuses for good is counted and passed over', async () => {
  const target = await receiver((i) => ({ status: i === 0 ? 400 : 204 }))
  const registry = new Registry()
  const sender = manager(TIMES, scratch(), registry)
  await sender.apply([settings(target.url)], Labels.EMPTY)
  await reached(() => target.samples.length === 96)
  const failed = registry
    .collect()
    .find(({ name }) => name === 'prometheus_remote_storage_samples_failed_total')
  expect(failed!.samples[0]!.value).toBe(4)
})

test('a reload leaves an unchanged queue alone', async () => {
  const target = await receiver(() => ({ status: 204 }))
  const sender = manager(TIMES, scratch())
  await sender.apply([settings(target.url)], Labels.EMPTY)
  await reached(() => target.samples.length === 100)
  await sender.apply([settings(target.url)], Labels.EMPTY)
  expect(sender.states()[0]!.sent).toBe(100)
  await sender.apply([settings(target.url, { capacity: 20 })], Labels.EMPTY)
  expect(sender.states()[0]!.sent).toBe(0)
})

test('a receiver that is away holds so much of the log and no more; the rest is counted, and told', async () => {
  let isUp = false
  const target = await receiver(() => ({ status: isUp ? 204 : 503 }))
  const registry = new Registry()
  const times = Array.from({ length: 1000 }, (_, i) => 1000 + i)
  const sender = manager(times, scratch(), registry)
  await sender.apply([settings(target.url)], Labels.EMPTY)
  await reached(() => sender.states()[0]!.retried > 0)
  expect(sender.needsFrom()).toMatchObject({ segment: 0 })
  sender.boundLog()
  await reached(() => sender.needsFrom()!.segment === 8)
  isUp = true
  await reached(() => target.samples.some((line) => line.endsWith(' 1999')))
  const arrived = new Set(target.samples.filter((line) => line.includes(' a ')).map((line) => Number(line.split(' ').at(-1)))) // prettier-ignore
  expect(times.slice(800).filter((time) => !arrived.has(time))).toEqual([])
  const dropped = registry
    .collect()
    .find(({ name }) => name === 'prometheus_remote_storage_samples_dropped_total')!
    .samples.find(({ labels }) => JSON.stringify(labels).includes('log_size'))!
  expect(arrived.size + dropped.value / 2).toBe(1000)
  expect(sender.states()[0]!.givenUp).toBe(dropped.value)
})

test('shards follow the time that sending takes', () => {
  const calculator = new ShardCalculator(1, 10)
  const slow = { samplesIn: 1000, samplesKept: 1000, samplesOut: 500, sendSeconds: 20, delaySeconds: 5 }
  expect(calculator.calculate(1, slow).shards).toBeGreaterThan(3)
  const idle = { samplesIn: 10, samplesKept: 10, samplesOut: 10, sendSeconds: 0.01, delaySeconds: 0 }
  let shards = 5
  for (let i = 0; i < 40; i++) ({ shards } = calculator.calculate(shards, idle))
  expect(shards).toBe(1)
})
