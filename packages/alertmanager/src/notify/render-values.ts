import {
  parseBoolText,
  parseFloatText,
  parseYaml,
  type YamlNode,
  type YamlValue,
} from '@promontory/base/yaml'
import type { Renderer } from '../template/notification-templates.ts'

/**
 * Renders every text of a nested value (`payload`, `details`). A rendered text that is YAML of another kind than a
 * string (`{"a": 1}`, `42`) becomes that value, as upstream does.
 */
export function renderValue(value: YamlValue, renderer: Renderer): YamlValue {
  if (typeof value === 'string') return structured(renderer.text(value))
  if (Array.isArray(value)) return value.map((item) => renderValue(item, renderer))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [renderer.text(key), renderValue(item, renderer)]),
  )
}

function structured(text: string): YamlValue {
  let node: YamlNode
  try {
    node = parseYaml(text, '')
  } catch {
    return text
  }
  if (node.kind === 'scalar' && node.tag === '!!str') return text
  return plainValue(node)
}

function plainValue(node: YamlNode): YamlValue {
  if (node.kind === 'sequence') return node.items.map(plainValue)
  if (node.kind === 'mapping')
    return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, plainValue(value)]))
  if (node.tag === '!!null') return null
  if (node.tag === '!!bool') return parseBoolText(node.text) ?? node.text
  if (node.tag === '!!int' || node.tag === '!!float') return parseFloatText(node.text) ?? node.text
  return node.text
}
