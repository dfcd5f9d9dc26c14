// Bodies that are small on the wire and huge when they are opened, at every door and from a target: refused, and the memory stays.
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, constants } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compressSnappy } from '@promontory/wire'
import { freePort, type Program, sleep, startPromontory, until, Workspace } from './support/program.ts'

const MIB = 1024 * 1024
const zeros = Buffer.alloc(300 * MIB)
const gzipped = gzipSync(zeros, { level: 9 })
const zstded = zstdCompressSync(zeros)
/** Says that it is 4 GiB long. */
const boasting = Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]), Buffer.alloc(64, 1)])
const squeezed = compressSnappy(Buffer.alloc(64 * MIB))

describe('decompression bombs', () => {
  const workspace = new Workspace()
  const target = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'content-encoding': 'gzip' })
    response.end(gzipped)
  })
  let ours: Program
  let pushPort = 0
  let otlpPort = 0
  let grpcPort = 0

  beforeAll(async () => {
    mkdirSync(workspace.directory, { recursive: true })
    await new Promise<void>((done) => target.listen(0, '127.0.0.1', done))
    ;[pushPort, otlpPort, grpcPort] = [await freePort(), await freePort(), await freePort()]
    ours = workspace.keep(
      await startPromontory({
        dataDirectory: workspace.data,
        config: `global: { scrape_interval: 2s, scrape_timeout: 2s }
scrape_configs: [{ job_name: bomb, static_configs: [{ targets: ['127.0.0.1:${(target.address() as AddressInfo).port}'] }], body_size_limit: 20MB }]
`,
        flags: [
          '--web.enable-remote-write-receiver',
          '--web.enable-otlp-receiver',
          `--listen.pushgateway=127.0.0.1:${pushPort}`,
          `--listen.otlp-http=127.0.0.1:${otlpPort}`,
          `--listen.otlp-grpc=127.0.0.1:${grpcPort}`,
        ],
      }),
    )
  })
  afterAll(async () => {
    target.close()
    await workspace.clean()
  })

  const rssMib = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${ours.child.pid}/status`, 'utf8'))![1]) / 1024

  async function post(url: string, body: Buffer, headers: Record<string, string>): Promise<number> {
    const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })
    await response.arrayBuffer()
    return response.status
  }

  test('none is opened whole', async () => {
    const before = rssMib()
    const protobuf = { 'content-type': 'application/x-protobuf' }
    const snappy = { ...protobuf, 'content-encoding': 'snappy' }
    const text = { 'content-type': 'text/plain' }
    const pushed = `http://127.0.0.1:${pushPort}/metrics/job/bomb`
    const otlp = `http://127.0.0.1:${otlpPort}/v1/metrics`
    const answers = {
      writeBoasting: await post(`${ours.url}/api/v1/write`, boasting, snappy),
      writeSqueezed: await post(`${ours.url}/api/v1/write`, squeezed, snappy),
      readBoasting: await post(`${ours.url}/api/v1/read`, boasting, snappy),
      readSqueezed: await post(`${ours.url}/api/v1/read`, squeezed, snappy),
      import: await post(`${ours.url}/api/v1/import/prometheus`, gzipped, { ...text, 'content-encoding': 'gzip' }), // prettier-ignore
      push: await post(pushed, gzipped, { ...text, 'content-encoding': 'gzip' }),
      pushSnappy: await post(pushed, boasting, { ...text, 'content-encoding': 'snappy' }),
      otlp: await post(otlp, gzipped, { ...protobuf, 'content-encoding': 'gzip' }),
      otlpZstd: await post(otlp, zstded, { ...protobuf, 'content-encoding': 'zstd' }),
      otlpMain: await post(`${ours.url}/api/v1/otlp/v1/metrics`, gzipped, { ...protobuf, 'content-encoding': 'gzip' }), // prettier-ignore
      scrapeAsPush: await post(`${ours.url}/api/v1/query`, gzipped, { 'content-encoding': 'gzip', 'content-type': 'application/x-www-form-urlencoded' }), // prettier-ignore
    }
    expect(Object.entries(answers).filter(([, status]) => status < 400 || status > 499)).toEqual([])
    await sleep(1000)
    expect(rssMib() - before).toBeLessThan(350)
    expect((await fetch(`${ours.url}/-/ready`)).status).toBe(200)
  })

  /** One call of gRPC with a compressed message. @returns `grpc-status`: 8 is "resource exhausted", 0 all right */
  async function call(message: Buffer): Promise<number> {
    const client = connect(`http://127.0.0.1:${grpcPort}`)
    client.on('error', () => {})
    const stream = client.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
      'content-type': 'application/grpc',
      'grpc-encoding': 'gzip',
      te: 'trailers',
    })
    const prefix = Buffer.alloc(5, 1)
    prefix.writeUInt32BE(message.length, 1)
    const status = new Promise<number>((resolve, reject) => {
      const take = (headers: object): void => {
        if ('grpc-status' in headers) resolve(Number(headers['grpc-status']))
      }
      stream.on('response', take).on('trailers', take).on('error', reject).resume()
    })
    stream.end(Buffer.concat([prefix, message]))
    try {
      return await status
    } finally {
      client.destroy()
    }
  }

  test('by gRPC', async () => {
    const before = rssMib()
    expect(await call(gzipSync(Buffer.alloc(0)))).toBe(0)
    for (let i = 0; i < 5; i++) expect(await call(gzipped)).toBe(8)
    await sleep(1000)
    expect(rssMib() - before).toBeLessThan(350)
  })

  test('a target', async () => {
    const errors = await until(
      'the error of the scrape',
      async () => {
        const { activeTargets } = await ours.data<{ activeTargets: { lastError: string }[] }>(
          '/api/v1/targets',
        )
        return activeTargets.map(({ lastError }) => lastError)
      },
      ([error]) => error !== '',
    )
    expect(errors).toEqual(['body size limit exceeded'])
    expect((await ours.query('up{job="bomb"}'))[0]?.value?.[1]).toBe('0')
  })
})
