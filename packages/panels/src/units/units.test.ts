import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formattedText, isKnownUnit, unitFormat } from './units.ts'
import { UNIT_TABLE } from './unit-table.ts'

interface Golden {
  readonly values: readonly number[]
  readonly decimals: readonly (number | null)[]
  readonly rows: Readonly<Record<string, readonly (readonly (string | null)[])[]>>
}

/** Texts that `@grafana/data` 13.2.3 writes, in UTC. */
const golden = JSON.parse(
  readFileSync(new URL('../../testdata/units.json', import.meta.url), 'utf8'),
) as Golden

test('273 units', () => {
  expect(UNIT_TABLE.flatMap(([, units]) => units)).toHaveLength(273)
  expect(isKnownUnit('short')).toBe(true)
  expect(isKnownUnit('cats')).toBe(false)
})

test('the same text as @grafana/data for every unit, value and count of decimals', () => {
  const faults: string[] = []
  let compared = 0
  for (const [id, byDecimals] of Object.entries(golden.rows))
    byDecimals.forEach((texts, i) =>
      texts.forEach((wanted, j) => {
        // The oracle's date library gives up on clocks beyond its calendar; ours goes on.
        if (wanted === null || wanted.endsWith('h:Invalid date')) return
        const decimals = golden.decimals[i] ?? undefined
        const value = golden.values[j]!
        const text = formattedText(unitFormat(id)(value, decimals, { zone: 'utc' }))
        compared++
        if (text !== wanted)
          faults.push(`${id} ${value} ${decimals}: ${JSON.stringify(text)} wanted ${JSON.stringify(wanted)}`)
      }),
    )
  expect(faults.slice(0, 40)).toEqual([])
  expect(compared).toBeGreaterThan(10_000)
})

test('what is no number', () => {
  expect(formattedText(unitFormat('bytes')(NaN))).toBe('NaN')
  expect(formattedText(unitFormat('bytes')(-Infinity))).toBe('-∞')
  expect(formattedText(unitFormat('dateTimeAsIso')(NaN))).toBe('Invalid date')
})

test('dates know zones and the present', () => {
  const at = Date.UTC(2026, 6, 1, 12, 30, 5)
  const nowMs = at + 3600_000
  expect(formattedText(unitFormat('dateTimeAsIso')(at, undefined, { zone: 'Europe/Berlin' }))).toBe(
    '2026-07-01 14:30:05',
  )
  expect(formattedText(unitFormat('dateTimeAsIsoNoDateIfToday')(at, undefined, { zone: 'utc', nowMs }))).toBe(
    '12:30:05',
  )
  expect(formattedText(unitFormat('dateTimeFromNow')(at, undefined, { nowMs }))).toBe('an hour ago')
})
