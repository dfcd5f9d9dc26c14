import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../json.ts'
import { isKnownTransformation } from '../transform/transform.ts'
import { unknownMatchers } from '../field/overrides.ts'
import { dashboardOf, openDashboard, saveDashboard } from './dashboard.ts'
import { allPanels } from './panel.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../../..')
const CORPUS = join(process.env['PROMONTORY_SHARED'] ?? join(ROOT, '../shared'), 'corpus/dashboards')
const OLD_KINDS = new Set(['graph', 'singlestat', 'table-old', 'grafana-piechart-panel'])

describe.skipIf(!existsSync(CORPUS))('dashboards of the wild (skipped when ../shared is absent)', () => {
  const files = existsSync(CORPUS)
    ? readdirSync(CORPUS).filter((name) => name.endsWith('.json') && name !== 'MANIFEST.json')
    : []

  test('there are 94', () => expect(files).toHaveLength(94))

  test.each(files)('%s', (name) => {
    const json = JSON.parse(readFileSync(join(CORPUS, name), 'utf8')) as JsonObject
    const before = JSON.stringify(json)
    const opened = openDashboard(json)
    const dashboard = dashboardOf(opened.model)
    const panels = allPanels(dashboard.panels)
    expect(JSON.stringify(json)).toBe(before)
    expect(saveDashboard(opened, opened.model)).toBe(opened.source)
    expect(panels.length).toBeGreaterThan(0)
    expect(panels.filter(({ type }) => OLD_KINDS.has(type))).toEqual([])
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(panels.flatMap((panel) => unknownMatchers(panel.fieldConfig))).toEqual([])
    const unknown = panels
      .flatMap((panel) => panel.transformations.map(({ id }) => String(id)))
      .filter((id) => !isKnownTransformation(id))
    expect(unknown).toEqual([])
    // What is renamed is changed; everything else is given back as it was read.
    const renamed = saveDashboard(opened, { ...opened.model, title: 'Other' })
    const { title: _, ...rest } = renamed
    const { title: __, ...original } = opened.source
    if (Array.isArray(opened.source['panels'])) expect(rest).toEqual(original)
    else
      expect(Object.keys(rest)).toEqual(
        expect.arrayContaining(Object.keys(original).filter((key) => key !== 'rows')),
      )
  })
})
