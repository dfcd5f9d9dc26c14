import { parseYaml, type YamlMapping, type YamlNode } from '@promontory/base/yaml'
import { expect, test } from 'vitest'
import { openApiDocument } from './openapi.ts'

const keysOf = (node: YamlNode): string[] => (node as YamlMapping).entries.map(({ key }) => key.text)
const at = (node: YamlNode, name: string): YamlNode =>
  (node as YamlMapping).entries.find(({ key }) => key.text === name)!.value

test('every path of the API, and every reference leads somewhere', () => {
  const text = openApiDocument('0.34.0')
  const root = parseYaml(text, 'openapi.yaml')
  expect(keysOf(at(root, 'paths'))).toEqual([
    '/status', '/receivers', '/alerts', '/alerts/groups', '/silences', '/silence/{silenceID}',
  ]) // prettier-ignore
  const known = keysOf(at(root, 'definitions'))
  const references = [...text.matchAll(/#\/definitions\/(\w+)/g)].map((match) => match[1]!)
  expect(references.length).toBeGreaterThan(10)
  expect(references.filter((name) => !known.includes(name))).toEqual([])
})
