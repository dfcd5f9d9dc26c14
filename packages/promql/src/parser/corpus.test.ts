import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ALL_PARSER_OPTIONS, formatQuery, parseExpr, ParseError } from './index.ts'

const SHARED =
  process.env['PROMONTORY_SHARED'] ?? fileURLToPath(new URL('../../../../../shared/', import.meta.url))
const FOLDER = `${SHARED.replace(/\/$/, '')}/corpus/promql-parse/`
const absent = !existsSync(FOLDER)
const why = absent ? ' (skipped: the shared corpus is absent)' : ''

function lines<T>(file: string): T[] {
  return readFileSync(FOLDER + file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T)
}

function outcome(run: () => string): { f?: string; error?: string } {
  try {
    return { f: run() }
  } catch (error) {
    if (error instanceof ParseError) return { error: error.message }
    throw error
  }
}

test.skipIf(absent)(`expressions of dashboards and rules are formatted like Prometheus does${why}`, () => {
  for (const { q, ...want } of lines<{ q: string; f?: string; error?: string }>('expressions.jsonl')) {
    expect(
      outcome(() => formatQuery(q, ALL_PARSER_OPTIONS)),
      q,
    ).toEqual(want)
    if (want.f !== undefined) expect(formatQuery(want.f, ALL_PARSER_OPTIONS)).toBe(want.f)
  }
})

interface Case {
  readonly q: string
  readonly ok?: boolean
  readonly errors?: readonly { start: number; end: number; message: string }[]
}

/** Two records are torn out of longer inputs: Prometheus itself refuses them (unterminated string, open braces). */
const TORN = new Set(['`', "{'foo\\'bar', "])

test.skipIf(absent)(`parser cases give Prometheus's messages and positions${why}`, () => {
  const options = { ...ALL_PARSER_OPTIONS, fillModifiers: false }
  for (const { q, errors } of lines<Case>('parser-cases.jsonl')) {
    if (TORN.has(q)) {
      expect(() => parseExpr(q, options), q).toThrow(
        /unterminated raw string|unexpected end of input inside braces/,
      )
      continue
    }
    let faults: Case['errors']
    try {
      parseExpr(q, options)
    } catch (error) {
      faults = (error as ParseError).faults.map(({ message, position }) => ({ ...position, message }))
    }
    // The record may stop after the first fault.
    expect(faults?.slice(0, errors?.length), q).toEqual(errors)
  }
})
