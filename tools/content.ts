/**
 * Writes the ready-made dashboards (content/src) as JSON files into content/dashboards. They are kept under version
 * control: the server reads them, and a test compares them with what this program would write.
 *
 *   node tools/content.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DASHBOARDS } from '../content/src/index.ts'

const FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), 'content/dashboards')

/** The files as they have to be, by name. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  return new Map(
    DASHBOARDS.map((model) => [`${String(model['uid'])}.json`, `${JSON.stringify(model, null, 2)}\n`]),
  )
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, text] of dashboardFiles()) writeFileSync(join(FOLDER, name), text)
}
