import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Envelope } from '@promontory/api'
import { formatDuration, parseDuration } from '@promontory/model'
import { parseRuleFile } from '@promontory/rules'
import { UsageError } from '../serve-flags.ts'

const USAGE =
  'usage: promontory rules backtest --start=… [--end=…] [--url=http://localhost:9090] [--interval=…] [--rule=NAME] [-o json] FILE…'

interface Backtest {
  readonly rule: { readonly name: string }
  readonly evaluations: number
  readonly failures: readonly { readonly error: string; readonly count: number }[]
  readonly fired: number
  readonly firingSeries: number
  readonly periods: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly activeAtMs: number
    readonly firedAtMs?: number
    readonly endedAtMs?: number
  }[]
  readonly notificationCount?: number
}

/** `promontory rules backtest`: when the alerting rules of files would have fired, from a server's stored samples. */
export async function rules(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args
  const { values, positionals } = parseArgs({
    args: rest,
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://localhost:9090' },
      start: { type: 'string' },
      end: { type: 'string' },
      interval: { type: 'string' },
      rule: { type: 'string' },
      output: { type: 'string', short: 'o', default: 'text' },
    },
  })
  if (verb !== 'backtest' || positionals.length === 0) throw new UsageError(USAGE)
  const answers: Backtest[] = []
  for (const file of positionals)
    for (const group of parseRuleFile(readFileSync(file, 'utf8'), file).groups)
      for (const rule of group.rules) {
        if (rule.kind !== 'alerting' || (values.rule !== undefined && rule.name !== values.rule)) continue
        const intervalMs =
          values.interval === undefined ? (group.intervalMs ?? 60_000) : parseDuration(values.interval)
        const form = new URLSearchParams({ rule: ruleText(rule), interval: formatDuration(intervalMs) })
        if (group.queryOffsetMs !== undefined) form.set('query_offset', formatDuration(group.queryOffsetMs))
        for (const name of ['start', 'end'] as const) {
          const time = values[name]
          if (time !== undefined) form.set(name, timeParam(name, time))
        }
        answers.push(await ask(values.url, form))
      }
  if (answers.length === 0)
    throw new UsageError(
      `no alerting rule${values.rule === undefined ? '' : ` "${values.rule}"`} in ${positionals.join(', ')}`,
    )
  process.stdout.write(
    values.output === 'json' ? `${JSON.stringify(answers)}\n` : answers.map(show).join('\n'),
  )
  return answers.some(({ failures }) => failures.length > 0) ? 1 : 0
}

/** YAML is a superset of JSON. */
function ruleText({
  name,
  query,
  forMs,
  keepFiringForMs,
  labelTemplates,
  annotations,
}: ReturnType<typeof parseRuleFile>['groups'][0]['rules'][0]): string {
  return JSON.stringify({
    alert: name, expr: query, for: formatDuration(forMs), keep_firing_for: formatDuration(keepFiringForMs),
    labels: Object.fromEntries(labelTemplates), annotations: annotations.toObject(),
  }) // prettier-ignore
}

async function ask(server: string, form: URLSearchParams): Promise<Backtest> {
  const response = await fetch(`${server.replace(/\/+$/, '')}/api/v1/rules/backtest`, {
    method: 'POST',
    body: form,
  })
  const envelope = (await response.json()) as Envelope<Backtest>
  if (envelope.status === 'error') throw new Error(`${server}: ${envelope.error}`)
  return envelope.data
}

function show({
  rule,
  evaluations,
  failures,
  fired,
  firingSeries,
  periods,
  notificationCount,
}: Backtest): string {
  const time = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z')
  const sent = notificationCount === undefined ? '' : `, ${notificationCount} notifications`
  return [
    `${rule.name}: ${evaluations} evaluations, fired ${fired} times for ${firingSeries} series${sent}`,
    ...failures.map(({ error, count }) => `  failed ${count} times: ${error}`),
    ...periods.map(({ labels, activeAtMs, firedAtMs, endedAtMs }) => {
      const what = firedAtMs === undefined ? 'pending only' : `firing ${time(firedAtMs)}`
      const until = endedAtMs === undefined ? 'still at the end' : `until ${time(endedAtMs)}`
      return `  ${time(activeAtMs)}  ${what}  ${until}  {${Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
    }),
    '',
  ].join('\n') // prettier-ignore
}

function timeParam(flag: string, text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return text
  const timeMs = Date.parse(text)
  if (!Number.isNaN(timeMs)) return String(timeMs / 1000)
  try {
    return String((Date.now() - parseDuration(text)) / 1000)
  } catch {
    throw new UsageError(`--${flag}: "${text}" is neither a time nor a duration back from now`)
  }
}
