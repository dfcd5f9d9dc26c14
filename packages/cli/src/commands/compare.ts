import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { queriesOf } from '@promontory/dashboards/check'
import { isJsonObject, parseLossless } from '@promontory/dashboards'
import { parseRuleFile } from '@promontory/rules'
import { compareAll, type Comparison, type Question } from '../compare/compare.ts'
import { UsageError } from '../serve-flags.ts'

const USAGE =
  'usage: promontory compare --against=URL [--url=http://localhost:9090] [--dashboards=DIR] [--rules=GLOB] [--range=1h] [EXPR…]'

/**
 * `promontory compare`: asks this server and another one with Prometheus's API the same, and reports what differs and how
 * long each took. @returns 1 when answers differ
 */
export async function compare(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArgs(args)
  const { against, url, dashboards, rules } = values
  for (const [name, server] of Object.entries({ against, url }))
    if (server === undefined || !URL.canParse(server))
      throw new UsageError(
        `--${name}: ${server === undefined ? 'is missing' : `"${server}" is no URL`}\n${USAGE}`,
      )
  const questions = distinct([
    ...positionals.flatMap(bothWays),
    ...(dashboards === undefined ? [] : ofDashboards(dashboards)),
    ...(rules === undefined ? [] : ofRules(rules)),
  ])
  if (questions.length === 0) throw new UsageError(`nothing to ask\n${USAGE}`)
  const found = await compareAll(url, against!, questions, rangeSeconds(values.range))
  for (const comparison of found) if (comparison.outcome !== 'same') process.stdout.write(lineOf(comparison))
  const count = (outcome: Comparison['outcome']): number =>
    found.filter((one) => one.outcome === outcome).length
  process.stdout.write(
    `${found.length} questions: ${count('same')} the same, ${count('different')} different, ${count('failed')} failed\n` +
      `median time: ${median(found.map(({ ownMs }) => ownMs))} ms here, ${median(found.map(({ otherMs }) => otherMs))} ms there\n`,
  )
  return count('same') === found.length ? 0 : 1
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        against: { type: 'string' },
        url: { type: 'string', default: 'http://localhost:9090' },
        dashboards: { type: 'string' },
        rules: { type: 'string' },
        range: { type: 'string', default: '1h' },
      },
    })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`)
  }
}

/** Whole minutes, hours or days. */
function rangeSeconds(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,4})([mhd])$/.exec(text) ?? []
  if (count === '') throw new UsageError(`--range: "${text}" is no range such as 30m, 6h or 2d`)
  return Number(count) * { m: 60, h: 3600, d: 86_400 }[unit as 'm' | 'h' | 'd']
}

/** At one time, as a rule is evaluated, and over the range. */
function bothWays(expr: string): Question[] {
  return [
    { expr, kind: 'range' },
    { expr, kind: 'instant' },
  ]
}

function distinct(questions: readonly Question[]): Question[] {
  return [...new Map(questions.map((question) => [`${question.kind} ${question.expr}`, question])).values()]
}

function ofDashboards(folder: string): Question[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  )
  return files.sort().flatMap((name) => {
    const value = parseLossless(readFileSync(join(folder, name), 'utf8'))
    const model = isJsonObject(value) && isJsonObject(value['dashboard']) ? value['dashboard'] : value
    return isJsonObject(model)
      ? queriesOf(model).map(({ text, isInstant }) => ({
          expr: withoutVariables(text),
          kind: isInstant === true ? 'instant' : 'range',
        }))
      : []
  })
}

/** Variables of Grafana become what they usually hold: everything, five minutes. */
function withoutVariables(expr: string): string {
  return expr
    .replaceAll(/\$\{?__(rate_)?interval\}?|\$\{?interval\}?/g, '5m')
    .replaceAll(/\$\{?__range\}?/g, '1h')
    .replaceAll(/\$\{?\w+(:\w+)?\}?|\[\[\w+\]\]/g, '.*')
}

function ofRules(pattern: string): Question[] {
  const files = globSync(pattern)
  if (files.length === 0) throw new UsageError(`--rules: "${pattern}" means no file`)
  return files
    .sort()
    .flatMap((file) => parseRuleFile(readFileSync(file, 'utf8'), file).groups)
    .flatMap(({ rules }) => rules.flatMap(({ query }) => bothWays(query)))
}

function lineOf({ outcome, kind, expr, detail }: Comparison): string {
  return `${outcome.toUpperCase()} ${kind} ${expr.replace(/\s+/g, ' ').trim()}\n  ${detail}\n`
}

function median(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(1)
}
