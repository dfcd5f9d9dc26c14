import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasDocuments, printedExpressions, snippets } from './support/documents.ts'
import { type Program, startPromontory, until, Workspace } from './support/program.ts'

interface Target {
  readonly scrapePool: string
  readonly health: string
  readonly lastError: string
}

describe.skipIf(!hasDocuments)('the five documents (skipped where they are absent)', () => {
  const workspace = new Workspace()
  let server: Program
  beforeAll(async () => {
    server = workspace.keep(await startPromontory({ dataDirectory: workspace.data }))
  })
  afterAll(() => workspace.clean())

  const yaml = snippets().filter(
    ({ language, text }) =>
      (language === 'yaml' || language === '') &&
      /^(global|scrape_configs|groups|rule_files|alerting):/m.test(text),
  )
  const configs = yaml.filter(({ text }) => /^(scrape_configs|rule_files|alerting):/m.test(text))

  test('print configurations and expressions', () => {
    expect(configs.length).toBeGreaterThanOrEqual(3)
    expect(printedExpressions().length).toBeGreaterThanOrEqual(20)
  })

  test.each(configs.map((snippet, i) => [`document ${snippet.document}, snippet ${i}`, snippet.text]))(
    '%s starts, and targets that do not exist are down with the reason',
    async (name, text) => {
      const directory = join(workspace.directory, name.replace(/\W+/g, '-'))
      mkdirSync(directory, { recursive: true })
      const started = workspace.keep(
        await startPromontory({
          dataDirectory: join(directory, 'data'),
          config: text.replaceAll(/scrape_interval: \d+s/g, 'scrape_interval: 1s'),
        }),
      )
      if (/^scrape_configs:/m.test(text)) {
        const { activeTargets } = await until(
          'the first scrapes',
          () => started.data<{ activeTargets: Target[] }>('/api/v1/targets'),
          ({ activeTargets: all }) => all.length > 0,
          20_000,
        )
        expect(activeTargets.length).toBe([...text.matchAll(/job_name:/g)].length)
      }
      expect(await started.stop()).toBe(0)
    },
  )

  test.each(
    snippets()
      .filter(({ language, text }) => language === 'yaml' && /^route:/m.test(text))
      .map(({ document, text }) => [document, text]),
  )('the alertmanager.yml of document %i starts', async (document, text) => {
    const directory = join(workspace.directory, `alertmanager-${document}`)
    mkdirSync(directory)
    const file = join(directory, 'alertmanager.yml')
    writeFileSync(file, text)
    const started = workspace.keep(
      await startPromontory({
        dataDirectory: join(directory, 'data'),
        flags: [`--alertmanager.config.file=${file}`],
      }),
    )
    const receivers = await started.json<{ name: string }[]>('/api/v2/receivers')
    expect(receivers.map(({ name }) => name)).toEqual(
      [...text.matchAll(/^\s*- name: ['"]?([\w.-]+)/gm)].map((match) => match[1]),
    )
    expect(await started.stop()).toBe(0)
  })

  test('inline groups in prometheus.yml become rules, with a warning', async () => {
    const groups = yaml.find(({ text }) => /^groups:/m.test(text))!
    const directory = join(workspace.directory, 'inline')
    mkdirSync(directory)
    const started = workspace.keep(
      await startPromontory({ dataDirectory: join(directory, 'data'), config: groups.text }),
    )
    const { groups: loaded } = await started.data<{ groups: { rules: unknown[] }[] }>('/api/v1/rules')
    expect(loaded[0]!.rules.length).toBe([...groups.text.matchAll(/- alert:/g)].length)
    expect(started.output).toMatch(/level=WARN.*groups/)
  })

  test('rule files of the documents load', async () => {
    const directory = join(workspace.directory, 'rules')
    mkdirSync(directory)
    const files = yaml.filter(({ text }) => /^groups:/m.test(text))
    files.forEach(({ text }, i) => writeFileSync(join(directory, `rules-${i}.yml`), text))
    const started = workspace.keep(
      await startPromontory({
        dataDirectory: join(directory, 'data'),
        config: `rule_files: ['${directory}/rules-*.yml']\n`,
      }),
    )
    const { groups } = await started.data<{ groups: { rules: unknown[] }[] }>('/api/v1/rules')
    const alerts = files.reduce((sum, { text }) => sum + [...text.matchAll(/- alert:/g)].length, 0)
    expect(groups.reduce((sum, { rules }) => sum + rules.length, 0)).toBe(alerts)
  })

  test.each(printedExpressions())('%s answers', async (expr) => {
    const response = await fetch(`${server.url}/api/v1/query?query=${encodeURIComponent(expr)}`)
    const answer = (await response.json()) as { status: string; error?: string; mend?: { expr: string } }
    if (!/\]\) by \(provider\) \//.test(expr)) {
      expect(answer.error).toBeUndefined()
      return
    }
    // The one that no parser can accept: the error points at "by", and the mend is what was meant.
    expect(answer.error).toMatch(/parse error: .*<by>/)
    const mended = await fetch(`${server.url}/api/v1/query?query=${encodeURIComponent(answer.mend!.expr)}`)
    expect(answer.mend!.expr).toMatch(/sum by \(provider\) \(rate\(/)
    expect([200, 400]).toContain(mended.status)
  })
})
