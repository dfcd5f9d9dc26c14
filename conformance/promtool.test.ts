import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peer, run } from './support/peers.ts'
import { type Program, ROOT, startPromontory, until, Workspace } from './support/program.ts'

const promtool = peer('promtool')
const nodeExporter = peer('prometheus-node-exporter')

describe.skipIf(promtool === undefined)('promtool (skipped when it is not installed)', () => {
  const workspace = new Workspace()
  let server: Program

  beforeAll(async () => {
    server = workspace.keep(await startPromontory({ dataDirectory: workspace.data }))
    await until(
      'a first scrape',
      () => server.query('up == 1'),
      (result) => result.length === 2,
    )
  })
  afterAll(() => workspace.clean())

  test('has nothing to say of /metrics', async () => {
    const { code, stderr } = run(
      promtool!,
      ['check', 'metrics'],
      await (await fetch(`${server.url}/metrics`)).text(),
    )
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  test.skipIf(nodeExporter === undefined)('says of /metrics/host what it says of node_exporter', async () => {
    const findings = (body: string): string[] =>
      run(promtool!, ['check', 'metrics'], body)
        .stderr.trim()
        .split('\n')
        .filter((line) => line !== '')
        .sort()
    const ours = findings(await (await fetch(`${server.url}/metrics/host`)).text())
    const { startNodeExporter } = await import('./support/node-exporter.ts')
    const exporter = workspace.keep(await startNodeExporter(nodeExporter!))
    const theirs = new Set(findings(await (await fetch(`${exporter.url}/metrics`)).text()))
    expect(ours.filter((finding) => !theirs.has(finding) && !finding.startsWith('container_'))).toEqual([])
  })

  test.each([
    ['instant', ['query', 'instant', '', 'up{job="node"}'], /up\{instance="[^"]+", job="node"\} => 1 @/],
    ['range', ['query', 'range', '', 'up{job="node"}'], /up\{instance="[^"]+", job="node"\} =>\n1 @/],
    [
      'series',
      ['query', 'series', '--match=up', ''],
      /\{__name__="up", instance="[^"]+", job="promontory"\}/,
    ],
    ['labels', ['query', 'labels', '', 'job'], /^node\npromontory\n$/],
  ])('query %s works', (_kind, args, wanted) => {
    const { code, stdout, stderr } = run(
      promtool!,
      args.map((arg) => (arg === '' ? server.url : arg)),
    )
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toMatch(wanted)
  })

  test('ours prints what it prints: health, matchers', () => {
    const gone = 'http://127.0.0.1:1'
    for (const args of [
      ['check', 'healthy', `--url=${server.url}`],
      ['check', 'ready', `--url=${server.url}`],
      ['check', 'ready', `--url=${server.url}/nowhere`],
      ['check', 'healthy', `--url=${gone}`],
      [
        '--experimental',
        'promql',
        'label-matchers',
        'set',
        'sum(rate(a{b="c"}[5m])) / on(x) d',
        'job',
        'x"y',
      ],
      ['--experimental', 'promql', 'label-matchers', 'set', '-t', '=~', 'a{b="c"} or d offset 1m', 'b', '.+'],
      ['--experimental', 'promql', 'label-matchers', 'delete', 'a{b="c",job="j"}', 'b'],
    ]) {
      const [mine, theirs] = [run(join(ROOT, 'bin/promontory'), ['promtool', ...args]), run(promtool!, args)]
      expect({ ...mine, stderr: mine.stderr.trim() }, args.join(' ')).toEqual({ ...theirs, stderr: theirs.stderr.trim() }) // prettier-ignore
    }
  })
})
