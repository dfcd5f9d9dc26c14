import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A folder of the ready-made content: beside the packages, seen from the sources and from the bundle alike. */
export function contentFolder(name: 'dashboards' | 'rules'): string | undefined {
  return [`../content/${name}/`, `../../../../content/${name}/`]
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(place))
}
