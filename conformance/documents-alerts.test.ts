import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseRuleFile } from '@promontory/rules'
import { hasDocuments, snippets } from './support/documents.ts'
import { run } from './support/peers.ts'
import { type Program, ROOT, startPromontory, Workspace } from './support/program.ts'

const MINUTES = 120
/** Things go wrong for longer than any `for` that is printed. */
const isBad = (minute: number): boolean => minute >= 30 && minute < 75

/** Each series with its value in a minute; `count` is the minutes that were bad so far. */
const SERIES: Readonly<Record<string, (bad: boolean, count: number, minute: number) => number>> = {
  'http_requests_total{status="500"}': (_, count) => count * 60,
  'http_request_duration_seconds_bucket{le="1.0"}': (_, count, minute) => (minute - count) * 60,
  'http_request_duration_seconds_bucket{le="5.0"}': (_, __, minute) => minute * 60,
  'http_request_duration_seconds_bucket{le="+Inf"}': (_, __, minute) => minute * 60,
  database_connections_active: (bad) => (bad ? 90 : 10),
  redis_memory_used_bytes: (bad) => (bad ? 90 : 10),
  redis_memory_max_bytes: () => 100,
  'up{job="ai-service"}': (bad) => (bad ? 0 : 1),
  // Asked without rate(): only restarted counters get well again.
  'api_request_duration_seconds_bucket{le="0.5"}': (bad) => (bad ? 0 : 10),
  'api_request_duration_seconds_bucket{le="1.0"}': () => 10,
  'api_request_duration_seconds_bucket{le="+Inf"}': () => 10,
  'db_query_duration_seconds_bucket{le="1.0"}': (bad) => (bad ? 0 : 10),
  'db_query_duration_seconds_bucket{le="2.0"}': () => 10,
  'db_query_duration_seconds_bucket{le="+Inf"}': () => 10,
  cache_hits_total: (bad) => (bad ? 50 : 90),
  cache_misses_total: (bad) => (bad ? 50 : 10),
  'llm_requests_total{status="error"}': (_, count) => count * 10,
}

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data: {
    readonly periods: readonly {
      readonly activeAtMs: number
      readonly firedAtMs?: number
      readonly endedAtMs?: number
    }[]
    readonly notificationCount: number
    readonly failures: readonly unknown[]
  }
}

describe.skipIf(!hasDocuments)(
  'alerts of the five documents over data (skipped where they are absent)',
  () => {
    const workspace = new Workspace()
    const startS = Math.floor(Date.now() / 3_600_000) * 3600 - 4 * 3600
    let server: Program
    const rules = snippets()
      .filter(({ text }) => /^groups:/m.test(text))
      .flatMap(({ document, text }) =>
        // A snippet may be a whole prometheus.yml: its groups alone are a rule file.
        parseRuleFile(
          text.slice(text.search(/^groups:/m)).split(/\n(?=[a-z_]+:)/)[0]!,
          `document ${document}`,
        ).groups.flatMap((group) => group.rules),
      )

    beforeAll(async () => {
      const names = new Map<string, string[]>()
      let bad = 0
      for (let minute = 0; minute < MINUTES; minute++) {
        if (isBad(minute)) bad++
        for (const [series, valueOf] of Object.entries(SERIES)) {
          const name = series.split('{')[0]!
          const lines = names.get(series) ?? [
            ...(Object.keys(SERIES).find((one) => one.startsWith(name)) === series
              ? [`# TYPE ${name} unknown`]
              : []),
          ]
          lines.push(`${series} ${valueOf(isBad(minute), bad, minute)} ${startS + minute * 60}`)
          names.set(series, lines)
        }
      }
      const file = join(workspace.directory, 'samples.om')
      writeFileSync(file, `${[...names.values()].flat().join('\n')}\n# EOF\n`)
      const made = run(join(ROOT, 'bin/promontory'), [
        'tsdb',
        'create-blocks-from',
        'openmetrics',
        file,
        workspace.data,
      ])
      expect(made.code, made.stderr).toBe(0)
      server = workspace.keep(await startPromontory({ dataDirectory: workspace.data }))
    })
    afterAll(() => workspace.clean())

    test('there are some', () => {
      expect(rules.length).toBeGreaterThanOrEqual(9)
    })

    test.each(rules.map((rule) => [`${rule.name}: ${rule.query}`, rule] as const))(
      '%s fires and resolves',
      async (_, rule) => {
        const form = new URLSearchParams({
          rule: JSON.stringify({
            alert: rule.name,
            expr: rule.query,
            for: `${rule.forMs / 1000}s`,
            labels: Object.fromEntries(rule.labelTemplates),
            annotations: rule.annotations.toObject(),
          }),
          start: String(startS),
          end: String(startS + (MINUTES - 1) * 60),
          interval: '30s',
        })
        const response = await fetch(`${server.url}/api/v1/rules/backtest`, { method: 'POST', body: form })
        const { error, data } = (await response.json()) as Answer
        expect(error).toBeUndefined()
        expect(data.failures).toEqual([])
        const fired = data.periods.filter(({ firedAtMs }) => firedAtMs !== undefined)
        expect(fired).toHaveLength(1)
        const [{ activeAtMs, firedAtMs, endedAtMs }] = fired as [(typeof fired)[0]]
        // To the evaluation that the condition has held for long enough, and well before the end of the data.
        expect(firedAtMs! - activeAtMs).toBe(rule.forMs)
        expect(endedAtMs).toBeGreaterThan((startS + 75 * 60) * 1000 - 1)
        expect(endedAtMs).toBeLessThan((startS + 90 * 60) * 1000)
        expect(data.notificationCount).toBeGreaterThanOrEqual(2)
      },
    )
  },
)
