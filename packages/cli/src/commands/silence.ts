import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { GettableSilence } from '@promontory/alertmanager'
import { parseDuration } from '@promontory/model'
import { UsageError } from '../serve-flags.ts'
import { timeArgument } from './alert.ts'
import {
  AMTOOL_OPTIONS,
  type AmtoolSettings,
  amtoolSettings,
  callAlertmanager,
  matcherArguments,
  matcherText,
  table,
  timeText,
} from './amtool-client.ts'

const USAGE =
  'usage: promontory silence query [MATCHER…] [--expired] [--within=…] [--created-by=…] [-q] | add MATCHER… -c COMMENT [-a AUTHOR] [-d 1h] [--start=…] [--end=…] | update [-d …] [-c …] [--start=…] [--end=…] ID… | expire ID… | import [FILE]; all: --alertmanager.url=…, -o simple|extended|json'

const OPTIONS = {
  ...AMTOOL_OPTIONS,
  author: { type: 'string', short: 'a' },
  comment: { type: 'string', short: 'c' },
  duration: { type: 'string', short: 'd' },
  start: { type: 'string' },
  end: { type: 'string' },
  annotation: { type: 'string', multiple: true },
  expired: { type: 'boolean' },
  within: { type: 'string' },
  'created-by': { type: 'string' },
  quiet: { type: 'boolean', short: 'q' },
  force: { type: 'boolean' },
} as const
type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

/** `promontory silence …`: amtool's `silence query`, `add`, `update`, `expire` and `import`. */
export async function silence(args: readonly string[]): Promise<number> {
  const [verb = '', ...rest] = args
  const { values, positionals } = parseArgs({ args: rest, allowPositionals: true, options: OPTIONS })
  const settings = amtoolSettings(values)
  switch (verb) {
    case 'query':
      return query(settings, values, positionals)
    case 'add':
      return add(settings, values, positionals)
    case 'update':
      return update(settings, values, positionals)
    case 'expire':
      return expire(settings, positionals)
    case 'import':
      return importFrom(settings, positionals[0], values.force === true)
    default:
      throw new UsageError(USAGE)
  }
}

async function query(settings: AmtoolSettings, values: Values, args: readonly string[]): Promise<number> {
  const search = new URLSearchParams()
  for (const matcher of matcherArguments(args)) search.append('filter', matcherText(matcher))
  const all = await callAlertmanager<readonly GettableSilence[]>(settings, `silences?${search}`)
  const withinMs = values.within === undefined ? undefined : durationArgument('within', values.within)
  const found = all.filter(({ status, endsAt, createdBy }) => {
    const isExpired = status.state === 'expired'
    if (isExpired !== (values.expired === true)) return false
    if (values['created-by'] !== undefined && createdBy !== values['created-by']) return false
    // Expired within the time behind us, or expiring within the time before us.
    const distanceMs = Math.abs(Date.parse(endsAt) - Date.now())
    return withinMs === undefined || distanceMs <= withinMs
  })
  print(found, settings.output, values.quiet === true)
  return 0
}

async function add(settings: AmtoolSettings, values: Values, args: readonly string[]): Promise<number> {
  if (args.length === 0) throw new UsageError(USAGE)
  if (settings.author === '') throw new UsageError('an author is needed: --author')
  if (values.comment === undefined) throw new UsageError('comment required by config: --comment')
  const startsAt = values.start === undefined ? new Date().toISOString() : timeArgument('start', values.start)
  const durationMs = durationArgument('duration', values.duration ?? '1h')
  const endsAt =
    values.end === undefined
      ? new Date(Date.parse(startsAt) + durationMs).toISOString()
      : timeArgument('end', values.end)
  if (Date.parse(endsAt) <= Date.parse(startsAt)) throw new UsageError('silence cannot start after it ends')
  const annotations = Object.fromEntries(
    (values.annotation ?? []).map((text): [string, string] => {
      const at = text.indexOf('=')
      if (at < 1) throw new UsageError(`--annotation: "${text}" is not name=value`)
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
  const { silenceID } = await callAlertmanager<{ silenceID: string }>(settings, 'silences', {
    method: 'POST',
    body: { matchers: matcherArguments(args), startsAt, endsAt, createdBy: settings.author, comment: values.comment, annotations },
  }) // prettier-ignore
  process.stdout.write(`${silenceID}\n`)
  return 0
}

async function update(settings: AmtoolSettings, values: Values, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) throw new UsageError('no silence IDs specified')
  const updated: GettableSilence[] = []
  for (const id of ids) {
    const old = await callAlertmanager<GettableSilence>(settings, `silence/${encodeURIComponent(id)}`)
    const startsAt = values.start === undefined ? old.startsAt : timeArgument('start', values.start)
    const endsAt =
      values.end !== undefined
        ? timeArgument('end', values.end)
        : values.duration === undefined
          ? old.endsAt
          : new Date(Date.parse(startsAt) + durationArgument('duration', values.duration)).toISOString()
    const { silenceID } = await callAlertmanager<{ silenceID: string }>(settings, 'silences', {
      method: 'POST',
      body: { ...old, startsAt, endsAt, comment: values.comment ?? old.comment },
    })
    updated.push(await callAlertmanager<GettableSilence>(settings, `silence/${silenceID}`))
  }
  print(updated, settings.output, values.quiet === true)
  return 0
}

async function expire(settings: AmtoolSettings, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) throw new UsageError('no silence IDs specified')
  for (const id of ids)
    await callAlertmanager(settings, `silence/${encodeURIComponent(id)}`, { method: 'DELETE' })
  return 0
}

/** Silences as `silence query -o json` prints them. Their ids are kept where the server knows them, else new. */
async function importFrom(
  settings: AmtoolSettings,
  file: string | undefined,
  force: boolean,
): Promise<number> {
  const source = readFileSync(file === undefined || file === '-' ? 0 : file, 'utf8')
  const silences = JSON.parse(source) as unknown
  if (!Array.isArray(silences))
    throw new UsageError("couldn't unmarshal input data, is it JSON?: expected a list")
  let failed = 0
  for (const one of silences as GettableSilence[])
    try {
      const { id, status: _, updatedAt: __, ...fresh } = one
      await callAlertmanager(settings, 'silences', {
        method: 'POST',
        body: force ? fresh : { ...fresh, id },
      }).catch((error: Error) => {
        if (!error.message.includes('404') && !error.message.includes('not found')) throw error
        return callAlertmanager(settings, 'silences', { method: 'POST', body: fresh })
      })
    } catch (error) {
      failed++
      process.stderr.write(`Error adding silence id='${one.id}': ${(error as Error).message}\n`)
    }
  if (failed === 0) return 0
  process.stderr.write(`couldn't import ${failed} out of ${silences.length} silences\n`)
  return 1
}

function print(silences: readonly GettableSilence[], output: AmtoolSettings['output'], quiet: boolean): void {
  if (quiet) return void process.stdout.write(silences.map(({ id }) => `${id}\n`).join(''))
  if (output === 'json') return void process.stdout.write(`${JSON.stringify(silences)}\n`)
  const sorted = [...silences].sort((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt))
  process.stdout.write(
    output === 'simple'
      ? table([
          ['ID', 'Matchers', 'Ends At', 'Created By', 'Comment'],
          ...sorted.map((one) => [one.id, one.matchers.map(matcherText).join(' '), timeText(one.endsAt), one.createdBy, one.comment]),
        ])
      : table([
          ['ID', 'Matchers', 'Starts At', 'Ends At', 'Updated At', 'Created By', 'Comment'],
          ...sorted.map((one) => [
            one.id, `{${one.matchers.map(matcherText).join(',')}}`, timeText(one.startsAt), timeText(one.endsAt), timeText(one.updatedAt), one.createdBy, one.comment,
          ]),
        ]),
  ) // prettier-ignore
}

function durationArgument(flag: string, text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    throw new UsageError(`--${flag}: ${(error as Error).message}`)
  }
}
