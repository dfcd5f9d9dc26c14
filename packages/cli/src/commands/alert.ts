import { parseArgs } from 'node:util'
import type { GettableAlert } from '@promontory/alertmanager'
import { parseDuration } from '@promontory/model'
import { UsageError } from '../serve-flags.ts'
import {
  AMTOOL_OPTIONS,
  amtoolSettings,
  callAlertmanager,
  labelArguments,
  matcherArguments,
  matcherText,
  table,
  timeText,
} from './amtool-client.ts'

const USAGE =
  'usage: promontory alert [query] [MATCHER…] [--silenced] [--inhibited] [--active] [--unprocessed] [--receiver=…] | alert add [NAME] LABEL=VALUE… [--annotation=…] [--start=…] [--end=…] [--generator-url=…]; all: --alertmanager.url=…, -o simple|extended|json'

/** `promontory alert …`: amtool's `alert query` and `alert add`. */
export async function alert(args: readonly string[]): Promise<number> {
  const [first = 'query', ...rest] = args
  if (first === 'add') return add(rest)
  return query(first === 'query' ? rest : args)
}

async function query(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...AMTOOL_OPTIONS,
      silenced: { type: 'boolean', short: 's' },
      inhibited: { type: 'boolean', short: 'i' },
      active: { type: 'boolean', short: 'a' },
      unprocessed: { type: 'boolean', short: 'u' },
      receiver: { type: 'string', short: 'r' },
    },
  })
  const settings = amtoolSettings(values)
  const { silenced = false, inhibited = false, unprocessed = false, active = false } = values
  const isDefault = !silenced && !inhibited && !unprocessed && !active
  const search = new URLSearchParams({
    active: String(active || isDefault),
    silenced: String(silenced),
    inhibited: String(inhibited),
    unprocessed: String(unprocessed),
  })
  for (const matcher of matcherArguments(positionals)) search.append('filter', matcherText(matcher))
  if (values.receiver !== undefined) search.set('receiver', values.receiver)
  const alerts = await callAlertmanager<readonly GettableAlert[]>(settings, `alerts?${search}`)
  process.stdout.write(show(alerts, settings.output))
  return 0
}

function show(alerts: readonly GettableAlert[], output: 'simple' | 'extended' | 'json'): string {
  if (output === 'json') return `${JSON.stringify(alerts)}\n`
  const sorted = [...alerts].sort((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt))
  if (output === 'simple')
    return table([
      ['Alertname', 'Starts At', 'Summary', 'State'],
      ...sorted.map(({ labels, annotations, startsAt, status }) => [
        labels['alertname'] ?? '',
        timeText(startsAt),
        annotations['summary'] ?? '',
        status.state,
      ]),
    ])
  return table([
    ['Labels', 'Annotations', 'Starts At', 'Ends At', 'Generator URL', 'State'],
    ...sorted.map((one) => [
      pairs(one.labels),
      pairs(one.annotations),
      timeText(one.startsAt),
      timeText(one.endsAt),
      one.generatorURL ?? '',
      one.status.state,
    ]),
  ])
}

function pairs(texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ')
}

async function add(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...AMTOOL_OPTIONS,
      annotation: { type: 'string', multiple: true },
      start: { type: 'string' },
      end: { type: 'string' },
      'generator-url': { type: 'string' },
    },
  })
  if (positionals.length === 0) throw new UsageError(USAGE)
  const startsAt = values.start === undefined ? undefined : timeArgument('start', values.start)
  const endsAt = values.end === undefined ? undefined : timeArgument('end', values.end)
  await callAlertmanager(amtoolSettings(values), 'alerts', {
    method: 'POST',
    body: [
      {
        labels: labelArguments(positionals),
        annotations: Object.assign({}, ...(values.annotation ?? []).map(annotation)),
        ...(startsAt === undefined ? {} : { startsAt }),
        ...(endsAt === undefined ? {} : { endsAt }),
        generatorURL: values['generator-url'] ?? '',
      },
    ],
  })
  return 0
}

function annotation(text: string): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`--annotation: "${text}" is not name=value`)
  return { [text.slice(0, at)]: text.slice(at + 1).replace(/^"(.*)"$/s, '$1') }
}

/** A time, or a duration from now. @throws UsageError */
export function timeArgument(flag: string, text: string): string {
  const timeMs = Date.parse(text)
  if (!Number.isNaN(timeMs)) return new Date(timeMs).toISOString()
  try {
    return new Date(Date.now() + parseDuration(text)).toISOString()
  } catch {
    throw new UsageError(`--${flag}: "${text}" is neither a time such as 2026-05-01T22:00:00Z nor a duration`)
  }
}
