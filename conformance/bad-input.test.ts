import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Program, spawnPromontory, startPromontory, until, Workspace } from './support/program.ts'

const workspace = new Workspace()
afterAll(() => workspace.clean())

/** Starts with a configuration that cannot be used. @returns what the program said, and its exit code */
async function refused(name: string, config: string): Promise<{ output: string; code: number | null }> {
  const directory = join(workspace.directory, name)
  mkdirSync(directory)
  const { program } = await spawnPromontory({ dataDirectory: join(directory, 'data'), config })
  workspace.keep(program)
  return { code: await program.ended, output: program.output }
}

describe('configurations that cannot be used name file, line and field', () => {
  test.each([
    ['broken-yaml', 'global:\n  scrape_interval: [1s\n', /prometheus-\d+\.yml:\d+:\d+: /],
    [
      'unknown-field',
      'global:\n  scrape_intervall: 1s\n',
      /:2:3: .*field scrape_intervall not found in type config/,
    ],
    [
      'wrong-type',
      'scrape_configs:\n  - job_name: a\n    honor_labels: maybe\n',
      /:3:\d+: .*honor_labels.*maybe/,
    ],
    [
      'bad-duration',
      'global:\n  scrape_interval: 5 parsecs\n',
      /:2:\d+: .*scrape_interval.*not a valid duration string: "5 parsecs"/,
    ],
    [
      'duplicate-job',
      'scrape_configs:\n  - job_name: a\n  - job_name: a\n',
      /:3:\d+: .*multiple scrape configs with job name "a"/,
    ],
    [
      'bad-regex',
      "scrape_configs:\n  - job_name: a\n    relabel_configs: [{ source_labels: [x], regex: '(' }]\n",
      /:3:\d+: .*regex.*missing closing \)/,
    ],
    [
      'not-supported',
      'tracing:\n  endpoint: localhost:4317\n',
      /:2:\d+: .*tracing of this server is not supported yet/,
    ],
  ])('%s', async (name, config, message) => {
    const { code, output } = await refused(name, config)
    expect(output).toMatch(message)
    expect(code).toBe(1)
  })

  test('a file that is not there', async () => {
    const { program } = await spawnPromontory({
      dataDirectory: join(workspace.directory, 'nothing'),
      flags: ['--config.file=/nowhere/prometheus.yml'],
    })
    expect(await program.ended).toBe(1)
    expect(program.output).toContain('/nowhere/prometheus.yml')
  })

  test('a data directory that cannot be written', async () => {
    const file = join(workspace.directory, 'a-file')
    writeFileSync(file, '')
    chmodSync(file, 0o400)
    const { program } = await spawnPromontory({ dataDirectory: join(file, 'data') })
    expect(await program.ended).toBe(1)
    expect(program.output).toMatch(/cannot create .*a-file/)
  })

  test('a port that is taken: who holds it, and the flag that moves us', async () => {
    const holder = createServer()
    await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done))
    const { port } = holder.address() as AddressInfo
    const { program } = await spawnPromontory({ dataDirectory: join(workspace.directory, 'port'), port })
    expect(await program.ended).toBe(1)
    expect(program.output).toMatch(
      new RegExp(
        `cannot listen on 127\\.0\\.0\\.1:${port}: the port is held by .* \\(PID ${process.pid}\\); choose another one with --web\\.listen-address`,
      ),
    )
    holder.close()
  })

  test('an unreadable rule file', async () => {
    const directory = join(workspace.directory, 'rules.yml')
    mkdirSync(directory)
    const { code, output } = await refused('unreadable-rules', `rule_files: ['${directory}']\n`)
    expect(output).toMatch(/error loading rules from ".*rules\.yml": EISDIR/)
    expect(code).toBe(1)
  })
})

/** Answers of targets that nobody should send. */
const TARGETS: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  garbage: text('this is { not a metric\n'),
  binary: text(Buffer.from([0, 1, 2, 254, 255, 10, 3, 4])),
  html: (_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>login</html>'),
  endless: (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
    const line = Buffer.from(`# ${'x'.repeat(65_530)}\n`.repeat(16))
    const more = (): void => {
      while (!response.destroyed && response.write(line));
    }
    response.on('drain', more)
    more()
  },
  long_line: (_request, response) => {
    // 1 GB without a line end.
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
    const piece = Buffer.alloc(1 << 20, 'a')
    let left = 1024
    const more = (): void => {
      while (left-- > 0 && !response.destroyed) if (!response.write(piece)) return
      response.end('\n')
    }
    response.on('drain', more)
    more()
  },
  duplicate: text('a 1\na 2\nb 1\n'),
  long_value: text(`a{b="${'x'.repeat(1 << 20)}"} 1\n`),
  future: text(`a 1 ${Date.now() + 40 * 365 * 86_400_000}\nb 1\n`),
  silent: () => {},
  refusing: (_request, response) => response.writeHead(500).end('broken'),
}

function text(body: string | Buffer): (request: IncomingMessage, response: ServerResponse) => void {
  return (_request, response) =>
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(body)
}

interface Target {
  readonly scrapePool: string
  readonly health: string
  readonly lastError: string
}

describe('targets that send nonsense are down with a reason, and the program goes on', () => {
  let server: Program
  const fleet = createServer((request, response) => TARGETS[request.url!.slice(1)]!(request, response))
  const state = async (pool: string): Promise<Target | undefined> =>
    (await server.data<{ activeTargets: Target[] }>('/api/v1/targets')).activeTargets.find(
      ({ scrapePool }) => scrapePool === pool,
    )

  beforeAll(async () => {
    await new Promise<void>((done) => fleet.listen(0, '127.0.0.1', done))
    const { port } = fleet.address() as AddressInfo
    const jobs = Object.keys(TARGETS).map(
      (name) =>
        `  - { job_name: ${name}, metrics_path: /${name}, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }\n`,
    )
    const config = `global: { scrape_interval: 2s, scrape_timeout: 2s, body_size_limit: 10MB }\nscrape_configs:\n${jobs.join('')}`
    server = workspace.keep(await startPromontory({ dataDirectory: workspace.data, config }))
  })
  afterAll(() => {
    fleet.closeAllConnections()
    fleet.close()
  })

  test.each([
    ['garbage', /expected|unexpected|parse/i],
    ['binary', /expected|unexpected|parse|invalid/i],
    ['html', /unsupported Content-Type|text\/html/i],
    ['endless', /body size limit exceeded|context deadline exceeded|timeout/i],
    ['long_line', /body size limit exceeded|context deadline exceeded|timeout/i],
    ['silent', /context deadline exceeded/i],
    ['refusing', /server returned HTTP status 500/],
  ])('%s', async (pool, reason) => {
    const target = await until(
      `${pool} to be down`,
      () => state(pool),
      (now) => now?.health === 'down',
      20_000,
    )
    expect(target!.lastError).toMatch(reason)
  })

  test.each([
    ['duplicate', 'b{job="duplicate"}'],
    ['long_value', 'a{job="long_value"}'],
    ['future', 'b{job="future"}'],
  ])('%s: what can be stored is stored', async (_name, expr) => {
    await until(
      `${expr} to be stored`,
      () => server.query(expr),
      (result) => result.length === 1,
      20_000,
    )
  })

  test('the program is alive, small, and says what it refused', async () => {
    expect(await (await fetch(`${server.url}/-/healthy`)).text()).toContain('Healthy')
    const [memory] = await until(
      'its own memory',
      async () => [await (await fetch(`${server.url}/metrics`)).text()],
      ([body]) => body!.includes('process_resident_memory_bytes'),
    )
    const bytes = Number(/^process_resident_memory_bytes (\S+)$/m.exec(memory!)![1])
    expect(bytes).toBeLessThan(900e6)
    expect(memory).toMatch(/^prometheus_target_scrapes_sample_duplicate_timestamp_total [1-9]/m)
    expect(memory).toMatch(/^prometheus_target_scrapes_sample_out_of_bounds_total [1-9]/m)
  })
})

describe('requests that make no sense get an answer', () => {
  let server: Program
  beforeAll(async () => {
    server = workspace.keep(
      await startPromontory({
        dataDirectory: join(workspace.directory, 'requests'),
        flags: ['--web.enable-lifecycle'],
      }),
    )
  })

  test.each([
    ['/api/v1/query', 400, /bad_data.*parse error/],
    ['/api/v1/query?query=up&time=noon', 400, /cannot parse \\"noon\\" to a valid timestamp/],
    ['/api/v1/query?query=sum(', 400, /1:5: parse error: unclosed left parenthesis/],
    ['/api/v1/query_range?query=up&start=2&end=1&step=1', 400, /end timestamp must not be before start time/],
    [
      '/api/v1/query_range?query=up&start=0&end=1&step=0',
      400,
      /zero or negative query resolution step widths are not accepted/,
    ],
    [
      '/api/v1/query_range?query=up&start=0&end=100000&step=1',
      400,
      /exceeded maximum resolution of 11,000 points per timeseries/,
    ],
    ['/api/v1/series', 400, /no match\[\] parameter provided/],
    ['/api/v1/labels?match[]={', 400, /parse error/],
    ['/api/v1/rules?type=none', 400, /not supported value/],
    ['/api/v1/nothing', 404, /there is no GET/],
    [
      '/api/v1/query?query=count({__name__%3D~".%2B"})&timeout=soon',
      400,
      /cannot parse \\"soon\\" to a valid duration/,
    ],
  ])('%s', async (path, status, body) => {
    const response = await fetch(server.url + path)
    expect(response.status).toBe(status)
    expect(await response.text()).toMatch(body)
  })

  test('a page of another site may not change anything, nor a renamed host read', async () => {
    expect(
      (await fetch(`${server.url}/-/reload`, { method: 'POST', headers: { origin: 'http://evil.example' } }))
        .status,
    ).toBe(403)
    const read = await fetch(`${server.url}/api/v1/status/flags`, {
      headers: { origin: 'http://evil.example' },
    })
    expect(read.headers.get('access-control-allow-origin')).toBeNull()
    const { hostname, port } = new URL(server.url)
    const { request } = await import('node:http')
    const status = await new Promise<number>((done) =>
      request(
        { hostname, port, path: '/api/v1/status/flags', headers: { host: 'evil.example' } },
        (response) => done(response.statusCode!),
      ).end(),
    )
    expect(status).toBe(403)
  })

  test('a refused reload keeps the old configuration and says why', async () => {
    const directory = join(workspace.directory, 'reload')
    mkdirSync(directory)
    const file = join(directory, 'prometheus.yml')
    writeFileSync(file, 'global: { scrape_interval: 7s }\n')
    const started = workspace.keep(
      await startPromontory({
        dataDirectory: join(directory, 'data'),
        flags: [`--config.file=${file}`, '--web.enable-lifecycle'],
      }),
    )
    writeFileSync(file, 'global: { scrape_interval: never }\n')
    const response = await fetch(`${started.url}/-/reload`, { method: 'POST' })
    expect(response.status).toBe(500)
    expect(await response.text()).toMatch(/failed to reload config: .*scrape_interval.*never/s)
    expect((await started.data<{ yaml: string }>('/api/v1/status/config')).yaml).toContain(
      'scrape_interval: 7s',
    )
    const info = await started.data<{ reloadConfigSuccess: boolean; reloadError: string }>(
      '/api/v1/status/runtimeinfo',
    )
    expect(info.reloadConfigSuccess).toBe(false)
    expect(info.reloadError).toContain('never')
    expect(started.output).toMatch(/level=ERROR.*never/)
    writeFileSync(file, 'global: { scrape_interval: 9s }\n')
    expect((await fetch(`${started.url}/-/reload`, { method: 'POST' })).status).toBe(200)
    expect((await started.data<{ yaml: string }>('/api/v1/status/config')).yaml).toContain(
      'scrape_interval: 9s',
    )
  })
})
