import { PATHS } from '../packages/api/src/paths.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peer, run } from './support/peers.ts'
import { freePort, type Program, startPromontory, until, Workspace } from './support/program.ts'

const amtool = peer('amtool')
const workspace = new Workspace()
let server: Program
let alertmanagerUrl: string

beforeAll(async () => {
  const port = await freePort()
  alertmanagerUrl = `http://127.0.0.1:${port}`
  server = workspace.keep(
    await startPromontory({
      dataDirectory: workspace.data,
      flags: [
        `--listen.alertmanager=127.0.0.1:${port}`,
        '--web.enable-lifecycle',
        '--web.enable-remote-write-receiver',
      ],
    }),
  )
})
afterAll(() => workspace.clean())

describe('every path of the table is served', () => {
  const asked = PATHS.filter(({ path }) => !path.includes('*') && path !== '/-/quit').flatMap(
    ({ path, methods }) =>
      methods.map((method) => [method, path.replace(':id', '1').replaceAll(/:\w+/g, 'job')] as const),
  )
  test.each(asked)('%s %s', async (method, path) => {
    const response = await fetch(server.url + path, { method })
    // What a bare request lacks, or a thing of that name that is not there, is another matter: the path must not be unknown.
    expect(await response.text()).not.toMatch(/there is no (GET|POST|PUT|DELETE|PATCH) |^404 Not Found$/)
  })
})

describe("the Alertmanager's own port", () => {
  const alert = {
    labels: { alertname: 'ByHand', severity: 'page' },
    annotations: { summary: 'x' },
    startsAt: new Date().toISOString(),
  }

  test('takes alerts by API version 2 and lists them by both versions', async () => {
    const response = await fetch(`${alertmanagerUrl}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([alert]),
    })
    expect(response.status).toBe(200)
    const second = (await (await fetch(`${alertmanagerUrl}/api/v2/alerts`)).json()) as {
      labels: Record<string, string>
    }[]
    expect(second.map(({ labels }) => labels['alertname'])).toContain('ByHand')
    const first = (await (await fetch(`${alertmanagerUrl}/api/v1/alerts`)).json()) as {
      status: string
      data: { labels: Record<string, string> }[]
    }
    expect(first.status).toBe('success')
    expect(first.data.map(({ labels }) => labels['alertname'])).toContain('ByHand')
  })

  test('without a configuration the notification lands in the inbox of the pages', async () => {
    const { messages } = await until(
      'the message',
      () =>
        server.data<{ messages: { status: string; groupLabels: Record<string, string> }[] }>('/api/v1/inbox'),
      (inbox) => inbox.messages.length > 0,
      20_000,
    )
    expect(messages[0]).toMatchObject({ status: 'firing', groupLabels: { alertname: 'ByHand' } })
  })

  test.skipIf(amtool === undefined)('amtool works (skipped when it is not installed)', () => {
    const listed = run(amtool!, [`--alertmanager.url=${alertmanagerUrl}`, 'alert', 'query', '-o', 'simple'])
    expect(listed.stderr).toMatch(/^(Warning: amtool version .* are different\.\n\n?)?$/)
    expect(listed.code).toBe(0)
    expect(listed.stdout).toContain('ByHand')
    const added = run(amtool!, [
      `--alertmanager.url=${alertmanagerUrl}`,
      'silence',
      'add',
      'alertname=ByHand',
      '--comment=test',
      '--author=me',
    ])
    expect(added.stdout).toMatch(/^[0-9a-f-]{36}\n$/)
    expect(run(amtool!, [`--alertmanager.url=${alertmanagerUrl}`, 'silence', 'query']).stdout).toContain(
      'ByHand',
    )
    expect(
      run(amtool!, [`--alertmanager.url=${alertmanagerUrl}`, 'silence', 'expire', added.stdout.trim()]).code,
    ).toBe(0)
  })
})

describe('without a configuration, the pages can', () => {
  interface Target {
    readonly scrapePool: string
    readonly scrapeUrl: string
  }
  const post = async (
    at: Program,
    path: string,
    body: string,
  ): Promise<{ status: string; error?: string; data?: unknown }> =>
    (await (await fetch(at.url + path, { method: 'POST', body })).json()) as { status: string }
  const pools = async (at: Program): Promise<string[]> =>
    (await at.data<{ activeTargets: Target[] }>('/api/v1/targets')).activeTargets
      .map(({ scrapePool }) => scrapePool)
      .sort()

  test('add a target, and bring a prometheus.yml, both kept over a kill -9', async () => {
    const dataDirectory = `${workspace.data}-pages`
    const first = workspace.keep(await startPromontory({ dataDirectory }))
    expect(await post(first, '/api/v1/targets/add', '{"url":"localhost:1/metrics"}')).toMatchObject({
      data: { job: 'added', target: 'localhost:1' },
    })
    expect((await post(first, '/api/v1/targets/add', '{"url":"a b"}')).error).toMatch(
      /"a b" is not the address of a target/,
    )
    expect((await post(first, '/api/v1/targets/add', '{"url":"http://me:secret@localhost"}')).error).toMatch(
      /basic_auth/,
    )
    await until(
      'the added target',
      () => pools(first),
      (names) => names.join() === 'added,node,promontory',
      15_000,
    )
    await first.stop('SIGKILL')

    const second = workspace.keep(await startPromontory({ dataDirectory }))
    await until(
      'the added target again',
      () => pools(second),
      (names) => names.includes('added'),
      15_000,
    )
    expect((await post(second, '/api/v1/config/check', 'scrape_configs: [{ job: x }]')).error).toMatch(
      /:1:\d+: .*field job not found/,
    )
    expect(
      await post(
        second,
        '/api/v1/config/use',
        "scrape_configs: [{ job_name: own, static_configs: [{ targets: ['localhost:1'] }] }]",
      ),
    ).toMatchObject({ status: 'success' })
    expect(await pools(second)).toEqual(['own'])
    await second.stop('SIGKILL')

    const third = workspace.keep(await startPromontory({ dataDirectory }))
    expect(await pools(third)).toEqual(['own'])
    await third.stop()
  })
})
