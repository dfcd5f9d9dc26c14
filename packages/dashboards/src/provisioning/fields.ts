import {
  type DecodeContext,
  entryOf,
  isNullNode,
  parseBoolText,
  parseFloatText,
  type YamlNode,
} from '@promontory/base/yaml'
import { expand } from './expand.ts'

/** Reads the fields of one mapping of a provisioning file, as Grafana does: unknown fields are no error, but are told. */
export class FieldReader {
  readonly node: YamlNode
  readonly #context: DecodeContext
  readonly #environment: Readonly<Record<string, string | undefined>>

  /** @param known all fields that mean something; others get a warning */
  constructor(
    node: YamlNode,
    context: DecodeContext,
    environment: Readonly<Record<string, string | undefined>>,
    known: readonly string[],
  ) {
    this.node = node
    this.#context = context
    this.#environment = environment
    if (isNullNode(node)) return
    if (node.kind !== 'mapping') context.failType(node, 'map', 'a mapping of fields')
    for (const { key } of node.entries)
      if (!known.includes(key.text))
        context.warn(key, `field ${key.text} is not known here and has no effect`)
  }

  text(name: string, fallback = ''): string {
    const node = this.#find(name)
    if (node === undefined) return fallback
    if (node.kind !== 'scalar') return this.#context.failType(node, 'string', 'a text')
    return this.#expand(node, node.text)
  }

  bool(name: string, fallback: boolean): boolean {
    const node = this.#find(name)
    if (node === undefined) return fallback
    const value = node.kind === 'scalar' ? parseBoolText(this.#expand(node, node.text)) : undefined
    return value ?? this.#context.failType(node, 'bool', 'true or false')
  }

  /** A number that is not below 0. */
  count(name: string, fallback: number): number {
    const node = this.#find(name)
    if (node === undefined) return fallback
    const value = node.kind === 'scalar' ? parseFloatText(this.#expand(node, node.text)) : undefined
    return value !== undefined && value >= 0 && Number.isFinite(value)
      ? value
      : this.#context.failType(node, 'int64', 'a number from 0')
  }

  items(name: string): readonly YamlNode[] {
    const node = this.#find(name)
    if (node === undefined) return []
    return node.kind === 'sequence' ? node.items : this.#context.failType(node, '[]map', 'a list')
  }

  /** A free mapping as plain values, texts filled in. */
  object(name: string): Record<string, unknown> {
    const node = this.#find(name)
    if (node === undefined) return {}
    return node.kind === 'mapping'
      ? (this.#plain(node) as Record<string, unknown>)
      : this.#context.failType(node, 'map[string]', 'a mapping')
  }

  /** The node of a field, or of the mapping: where to report. */
  at(name: string): YamlNode {
    return entryOf(this.node, name) ?? this.node
  }

  #find(name: string): YamlNode | undefined {
    const node = entryOf(this.node, name)
    return node === undefined || isNullNode(node) ? undefined : node
  }

  #plain(node: YamlNode): unknown {
    if (node.kind === 'sequence') return node.items.map((item) => this.#plain(item))
    if (node.kind === 'mapping')
      return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, this.#plain(value)]))
    if (isNullNode(node)) return null
    if (node.tag === '!!bool') return parseBoolText(node.text) ?? node.text
    if (node.tag === '!!int' || node.tag === '!!float') return parseFloatText(node.text) ?? node.text
    return this.#expand(node, node.text)
  }

  #expand(node: YamlNode, text: string): string {
    try {
      return expand(text, this.#environment)
    } catch (error) {
      return this.#context.fail(node, (error as Error).message, error)
    }
  }
}
