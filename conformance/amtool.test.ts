import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peer, run } from './support/peers.ts'
import { type Program, ROOT, scratchDirectory, startPromontory } from './support/program.ts'

const amtool = peer('amtool')
const CONFIG = `
route:
  receiver: all
  group_by: [alertname]
  routes:
  - {matchers: [team="x"], receiver: x, continue: true, routes: [{matchers: ['deep=~"a|b"'], receiver: deep}]}
  - {matchers: [team=~"x|y", severity!=info], receiver: xy}
receivers: [{name: all}, {name: x}, {name: xy}, {name: deep}]
inhibit_rules: [{source_matchers: [a=b], target_matchers: [c=d]}]
`

describe.skipIf(amtool === undefined)(
  `amtool and our commands${amtool === undefined ? ' (skipped: no amtool)' : ''}`,
  () => {
    const directory = scratchDirectory()
    const file = join(directory, 'am.yml')
    let server: Program
    let url: string
    beforeAll(async () => {
      writeFileSync(file, CONFIG)
      server = await startPromontory({
        dataDirectory: join(directory, 'd'),
        flags: [`--alertmanager.config.file=${file}`],
      })
      url = `--alertmanager.url=${server.url}`
    })
    afterAll(async () => {
      await server?.stop()
      rmSync(directory, { recursive: true, force: true })
    })

    const real = (...args: string[]) => run(amtool!, args)
    const ours = (...args: string[]) => run(join(ROOT, 'bin/promontory'), args)
    /** Both programs print the same and end the same. */
    const same = (...args: string[]): string => {
      const [a, b] = [real(...args), ours(...args)]
      expect([b.stdout.trimEnd(), b.code], args.join(' ')).toEqual([a.stdout.trimEnd(), a.code])
      return a.stdout
    }

    test('each adds, changes and ends what the other lists', () => {
      expect(
        real('alert', 'add', 'A', 'team=x', 'severity=page', '--annotation=summary="the summary"', url).code,
      ).toBe(0)
      expect(ours('alert', 'add', 'B', '--annotation=summary=other', url).code).toBe(0)
      const id = real('silence', 'add', 'alertname=A', '-c', 'why', '-a', 'me', '-d', '2h', url).stdout.trim()
      const own = ours(
        'silence',
        'add',
        'alertname=~"C|D"',
        'foo!=bar',
        '-c',
        'other',
        '-a',
        'me',
        url,
      ).stdout.trim()
      expect(own).toMatch(/^[0-9a-f-]{36}$/)
      for (const output of ['simple', 'extended', 'json']) {
        expect(same('alert', 'query', '-o', output, url)).toContain('B')
        expect(same('silence', 'query', '-o', output, url)).toContain('why')
      }
      expect(same('alert', 'query', '-s', 'team=x', url)).toContain('A')
      expect(same('silence', 'query', '-q', url).trim().split('\n').sort()).toEqual([id, own].sort())
      expect(ours('silence', 'update', '-d', '3h', '-c', 'newer', id, url).stdout).toContain('newer')
      expect(ours('silence', 'expire', id, url).code).toBe(0)
      expect(real('silence', 'expire', own, url).code).toBe(0)
      expect(same('silence', 'query', '--expired', url)).toContain('newer')
      expect(same('cluster', 'show', url)).toContain('disabled')
    }, 30_000)

    test('configuration, routes and templates', () => {
      expect(same('check-config', file)).toContain('SUCCESS')
      writeFileSync(join(directory, 'bad.yml'), 'groups: []\n')
      expect(ours('check-config', join(directory, 'bad.yml'))).toMatchObject({
        code: real('check-config', join(directory, 'bad.yml')).code,
      })
      same('config', 'routes', 'show', `--config.file=${file}`)
      same('config', 'routes', 'show', url)
      expect(same('config', 'routes', 'test', `--config.file=${file}`, 'team=x', 'severity=page')).toBe(
        'x,xy\n',
      )
      same('config', 'routes', 'test', '--tree', `--config.file=${file}`, 'team=x', 'severity=page')
      same('config', 'routes', 'test', '--verify.receivers=x,y', `--config.file=${file}`, 'team=x')
      same(
        'template',
        'render',
        `--template.glob=${file}`,
        '--template.text={{ .Status }} {{ .CommonLabels }} {{ range .Alerts }}{{ .Labels }} {{ .Annotations }}{{ end }}',
      )
    }, 30_000)
  },
)
