import { parseArgs } from 'node:util'
import type { Envelope, QueryData } from '@promontory/api'
import { UsageError } from '../serve-flags.ts'
import { CLIENT_OPTIONS, ServerClient, textOf } from './server-client.ts'

const USAGE =
  'usage: promontory query instant URL EXPR [--time=…] | range URL EXPR [--start=…] [--end=…] [--step=…] | series URL --match=… | labels URL NAME; each with [--http.config.file=FILE] [--header=NAME=VALUE…]'

/** `promontory query …`: asks any server with Prometheus's API, and prints as promtool does. */
export async function query(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      time: { type: 'string' },
      start: { type: 'string' },
      end: { type: 'string' },
      step: { type: 'string' },
      match: { type: 'string', multiple: true },
      format: { type: 'string', short: 'o', default: 'promql' },
      ...CLIENT_OPTIONS,
    },
  })
  const [kind, url, subject] = positionals
  if (kind === 'analyze')
    throw new UsageError('query analyze is not there; promontory tsdb analyze looks into a data directory')
  if (kind === undefined || url === undefined || !URL.canParse(url)) throw new UsageError(USAGE)
  const server = new ServerClient(url, values)
  const nowS = Date.now() / 1000
  const ask = (
    path: string,
    parameters: readonly (readonly [string, string | undefined])[],
  ): Promise<number> => print(server, path, parameters, values.format)
  switch (kind) {
    case 'instant':
      if (subject === undefined) throw new UsageError(USAGE)
      return ask('query', [
        ['query', subject],
        ['time', values.time],
      ])
    case 'range': {
      if (subject === undefined) throw new UsageError(USAGE)
      const start = values.start ?? String(nowS - 300)
      const end = values.end ?? String(nowS)
      const step = values.step ?? String(Math.max(1, Math.floor((Number(end) - Number(start)) / 250) || 1))
      return ask('query_range', [
        ['query', subject],
        ['start', start],
        ['end', end],
        ['step', step],
      ])
    }
    case 'series':
      return ask('series', [
        ...(values.match ?? []).map((match) => ['match[]', match] as const),
        ['start', values.start],
        ['end', values.end],
      ])
    case 'labels':
      if (subject === undefined) throw new UsageError(USAGE)
      return ask(`label/${encodeURIComponent(subject)}/values`, [
        ...(values.match ?? []).map((match) => ['match[]', match] as const),
        ['start', values.start],
        ['end', values.end],
      ])
    default:
      throw new UsageError(USAGE)
  }
}

async function print(
  server: ServerClient,
  path: string,
  parameters: readonly (readonly [string, string | undefined])[],
  format: string,
): Promise<number> {
  const search = new URLSearchParams()
  for (const [name, value] of parameters) if (value !== undefined) search.append(name, value)
  const response = await server.request(`/api/v1/${path}?${search}`)
  server.close()
  const text = textOf(response)
  let envelope: Envelope<unknown>
  try {
    envelope = JSON.parse(text) as Envelope<unknown>
  } catch {
    process.stderr.write(`${server.url} answered ${response.status} without JSON: ${text.slice(0, 200)}\n`)
    return 1
  }
  if (envelope.status === 'error') {
    process.stderr.write(`query error: ${envelope.errorType}: ${envelope.error}\n`)
    return 1
  }
  for (const warning of [...(envelope.warnings ?? []), ...(envelope.infos ?? [])])
    process.stderr.write(`${warning}\n`)
  process.stdout.write(format === 'json' ? `${JSON.stringify(envelope.data)}\n` : lines(envelope.data))
  return 0
}

function lines(data: unknown): string {
  const rows = Array.isArray(data)
    ? data.map((row: unknown) => (typeof row === 'string' ? row : seriesText(row as Record<string, string>)))
    : resultLines(data as QueryData)
  return rows.map((row) => `${row}\n`).join('')
}

function resultLines(data: QueryData): string[] {
  switch (data.resultType) {
    case 'vector':
      return data.result.map(
        ({ metric, value, histogram }) =>
          `${seriesText(metric)} => ${value?.[1] ?? JSON.stringify(histogram?.[1])} @[${value?.[0] ?? histogram?.[0]}]`,
      )
    case 'matrix':
      return data.result.map(({ metric, values = [] }) =>
        [`${seriesText(metric)} =>`, ...values.map(([time, value]) => `${value} @[${time}]`)].join('\n'),
      )
    default:
      return [`${data.resultType}: ${data.result[1]} @[${data.result[0]}]`]
  }
}

function seriesText({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const inner = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return inner.length === 0 ? name || '{}' : `${name}{${inner.join(', ')}}`
}
